/** What must hold, by the numbers that violations begin with. */
export const INVARIANTS: readonly (readonly [number: number, what: string])[] = [
  [1, "What a row promises is at the store, whole, and stays until somebody asks for its deletion."],
  [2, "Nothing is promised before its session is completed."],
  [3, "No reservation goes above a limit."],
  [4, "Counters are the sums of their rows, at every commit; the recount finds nothing."],
  [
    5,
    "Nobody takes from a session that is alive; in the end nothing is left at the store that no row promises.",
  ],
  [6, "An answer is true, and the same every time."],
  [7, "Nobody completes twice, or aborts what was sent to be completed."],
  [8, "States only go forward."],
  [9, "A browser sends nothing for nothing."],
  [10, "An object is one file, as somebody sent it."],
  [11, "A file is deleted once."],
  [12, "No session fails without cause, and every file that a person wanted is stored."],
  [13, "Wall clocks that jump and time zones change nothing."],
  [
    14,
    "Whatever is edited by hand is named by the night's check, and nothing else; after a restore no object goes that was acknowledged since the backup, and each without a row, or with one that failed, is named. What the backup promises stays whatever times it has of it, and the night says so, until a person has agreed: then what was prolonged by hand stays, and the rest goes at its time. Each that the backup promises and the store no longer has is named, unless its time is over, or that of what it is made of: then it goes.",
  ],
  [15, "No secret is kept in plain text, or said."],
  [
    16,
    "The host's DELETE of a user or a workspace ends and is refused by nothing; what nobody is left of goes, rows first, and nothing else: files in a workspace stay when their user goes. Rows go on saying to whom they were born.",
  ],
  [
    17,
    "Each thing that happened to a file has one event, and nothing that did not. What is said to be delivered was taken; none is sent before earlier ones of its file are settled, or given up before its retries are through; in the end all are settled. A repeat has the same body, and all are signed.",
  ],
  [
    18,
    "What is made of a file has its owner, and goes with it. Exports go after their week, and no file before its time.",
  ],
  [
    19,
    "A file that moves to another bucket is read all the while: its row names the new object once that is there, whole, and the old one stays until the last link to it has run out. What a move has at a store is nobody else's to take, and in the end nothing of it is left; every move ends.",
  ],
  [
    20,
    "An archive that is done is at the store, whole, until its time is over: each file is in it as it was sent, or named as missing, which is none that could be read all the time. One that fails says why, and has a cause. Whoever takes over goes on with the parts that there are. In the end each is over, and nothing of it is left.",
  ],
  [
    21,
    "Of files that are one thing all that is stored is published or none of it, as soon as there are as many as it waits for, and not before; nobody but their owner and admins is shown one that is held. Whose it is can tell, and publish what is there.",
  ],
];
