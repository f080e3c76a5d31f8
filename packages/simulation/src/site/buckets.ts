import { ObjectStore, type StoredObject } from "../store/object-store.ts";
import { S3Server } from "../store/s3-server.ts";
import type { Faults } from "../world/faults.ts";
import type { World } from "../world/world.ts";

/** A bucket of the deployment, at a store of its own: so its host alone says which it is. */
export interface Bucket {
  providerId: string;
  name: string;
  region: string;
  endpoint: string;
  store: ObjectStore;
  s3: S3Server;
}

/** The first is where uploads go that are at home nowhere. */
const PLANS = [
  { providerId: "00000000-0000-4000-8000-0000000000ff", name: "audio", region: "sim1" },
  { providerId: "00000000-0000-4000-8000-0000000000fe", name: "audio-2", region: "sim2" },
] as const;

/** All buckets there are, and what each of them holds. */
export class Buckets {
  readonly all: readonly [Bucket, ...Bucket[]];

  constructor(world: World, faults: Faults, { honoursCopyCondition }: { honoursCopyCondition: boolean }) {
    const open = (plan: (typeof PLANS)[number]): Bucket => {
      const store = new ObjectStore({ now: () => world.now, honoursCopyCondition, region: plan.region });
      const endpoint = `https://${plan.region}.digitaloceanspaces.com`;
      return { ...plan, endpoint, store, s3: new S3Server(world, faults, store) };
    };
    const [main, ...others] = PLANS;
    this.all = [open(main), ...others.map(open)];
  }

  of(providerId: string): Bucket {
    return this.#the((bucket) => bucket.providerId === providerId, providerId);
  }

  /** By the host of a URL, whether or not the bucket's name is in front of it. */
  at(host: string): Bucket {
    return this.#the(({ endpoint }) => host.endsWith(new URL(endpoint).hostname), host);
  }

  /** Wherever it lies. */
  find(key: string): StoredObject | undefined {
    for (const { store } of this.all) {
      const object = store.find(key);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  #the(isIt: (bucket: Bucket) => boolean, name: string): Bucket {
    const bucket = this.all.find(isIt);
    if (bucket === undefined) throw new Error(`There is no bucket ${name}.`);
    return bucket;
  }
}
