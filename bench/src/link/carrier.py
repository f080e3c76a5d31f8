"""A link between two network namespaces: delay, rate, tail-drop queue and random loss, under the kernel's own TCP.

Node cannot create a TUN device (it needs an ioctl), so this small program does. It makes both namespaces and holds them by
open files: they vanish with it and with the last process in them, whatever ends it, so there is nothing to clean up.

usage: carrier.py SOCKET CONGESTION_CONTROL   (Linux, root, /dev/net/tun, `ip`)

Prints {"client": PATH, "server": PATH} for `nsenter --net=PATH`, then answers JSON lines on the unix socket: a profile
{"bitsPerSecond", "delayMs" (one way), "loss", "queueBytes", "seed"} sets the link, empties it and counts from zero;
anything else only asks for the counts. Ends when its input does.
"""
import collections, ctypes, fcntl, gc, json, os, random, select, socket, struct, subprocess, sys, time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 0x0001, 0x1000
CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
# Not "tun…": Chromium takes those for a VPN over something else, finds nothing else, and says it is offline.
DEVICE = "wire0"
MOST_AT_ONCE = 64


def namespace(address, peer, congestion_control, is_client):
    """Moves this process into a new namespace; what is open stays usable from any."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    ip("link", "set", DEVICE, "mtu", "1500", "txqueuelen", "10000", "up")
    ip("addr", "add", address, "peer", peer, "dev", DEVICE)
    ip("link", "set", "lo", "up")
    for name, value in {
        "tcp_congestion_control": congestion_control,
        # Or the next connection begins with what the one before found out.
        "tcp_no_metrics_save": "1",
        # As on desktops, and enough for the links measured here.
        "tcp_wmem": "4096 16384 8388608",
        "tcp_rmem": "4096 131072 8388608",
        # 127.0.0.1 may be at the other end of a wire.
        f"conf/{DEVICE}/route_localnet": "1",
        f"conf/{DEVICE}/rp_filter": "0",
        "conf/all/rp_filter": "0",
    }.items():
        with open(f"/proc/sys/net/ipv4/{name}", "w") as setting:
            setting.write(value)
    if is_client:
        # The client's loopback is the server's: signed URLs and origins are the same with and without the link.
        ip("addr", "del", "127.0.0.1/8", "dev", "lo")
        ip("route", "add", "127.0.0.0/8", "dev", DEVICE, "src", address)
    return tun, os.open("/proc/self/ns/net", os.O_RDONLY)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


class Direction:
    """Packets on their way from one device to the other."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = collections.deque()
        self.set({})

    def set(self, profile):
        self.waiting.clear()
        self.free_at = 0.0
        self.seconds_per_byte = 8 / profile.get("bitsPerSecond", 1e12)
        self.delay = profile.get("delayMs", 0) / 1000
        self.loss = profile.get("loss", 0)
        # Of one seed, the same packets are lost: whoever takes a turn in one round meets the same luck.
        self.random = random.Random(profile.get("seed", 0)).random
        self.longest_queue = profile.get("queueBytes", 1e12) * self.seconds_per_byte
        self.counts = {"packets": 0, "payloadBytes": 0, "lost": 0, "dropped": 0}

    def take(self, now):
        counts, waiting, loss, read, chance = self.counts, self.waiting, self.loss, os.read, self.random
        for _ in range(MOST_AT_ONCE):
            try:
                packet = read(self.source, 2048)
            except BlockingIOError:
                return
            size = len(packet)
            if loss and chance() < loss:
                counts["lost"] += 1
                continue
            start = self.free_at if self.free_at > now else now
            if start - now > self.longest_queue:
                counts["dropped"] += 1
                continue
            self.free_at = start + size * self.seconds_per_byte
            counts["packets"] += 1
            if size > 40 and packet[9] == 6 and packet[0] == 0x45:
                counts["payloadBytes"] += size - 20 - (packet[32] >> 4) * 4
            waiting.append((self.free_at + self.delay, packet))

    def deliver(self, now):
        waiting = self.waiting
        while waiting and waiting[0][0] <= now:
            try:
                os.write(self.target, waiting.popleft()[1])
            except OSError:
                self.counts["dropped"] += 1


def carry(up, down, listener):
    poll = select.epoll()
    by_fd = {up.source: up, down.source: down}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    poll.register(listener, select.EPOLLIN)
    clients = {}
    while True:
        now = time.monotonic()
        due = min((d.waiting[0][0] for d in (up, down) if d.waiting), default=now + 1)
        # epoll counts in milliseconds and Python rounds up: late by less than one, which the rate makes up for.
        events = poll.poll(max(0.0, due - now))
        now = time.monotonic()
        for fd, _ in events:
            if fd in by_fd:
                by_fd[fd].take(now)
            elif fd == 0:
                if not os.read(0, 1024):
                    return
            elif fd == listener.fileno():
                client, _ = listener.accept()
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
            else:
                answer(poll, clients, fd, up, down)
        now = time.monotonic()
        up.deliver(now)
        down.deliver(now)


def answer(poll, clients, fd, up, down):
    line = clients[fd].recv(4096)
    if not line:
        poll.unregister(fd)
        clients.pop(fd).close()
        return
    profile = json.loads(line)
    if "delayMs" in profile:
        up.set(profile)
        down.set(profile)
    clients[fd].sendall((json.dumps({"up": up.counts, "down": down.counts}) + "\n").encode())


def main():
    path, congestion_control = sys.argv[1:]
    client_tun, client = namespace(CLIENT, SERVER, congestion_control, True)
    server_tun, server = namespace(SERVER, CLIENT, congestion_control, False)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    try:
        os.nice(-10)
    except OSError:
        pass
    gc.disable()
    of = f"/proc/{os.getpid()}/fd"
    print(json.dumps({"client": f"{of}/{client}", "server": f"{of}/{server}"}), flush=True)
    carry(Direction(client_tun, server_tun), Direction(server_tun, client_tun), listener)


try:
    main()
except KeyboardInterrupt:
    pass
