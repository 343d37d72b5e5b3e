import calculateSlot from 'cluster-key-slot';

/** 32 bytes for an entity's key that do not reveal it; the same in PostgreSQL. */
export type KeyHasher = (entity: string, entityKey: string) => Buffer;

const SLOTS = 16_384;

/** Redis Cluster's slot of everything that belongs to the entity. */
export function slotOfEntity(entity: string, entityKey: string): number {
  return calculateSlot(Buffer.from(`${entity}:${entityKey}`));
}

/**
 * The hash with the tombstones of all entities of a slot. The script that writes a row checks it, so it must be in the
 * same slot, which the entity's own key as a hash tag would achieve too, in clear text for ever.
 */
export function tombstonesKey(project: string, slot: number): string {
  return `larder:${project}:erased:{${tagOfSlot(slot)}}`;
}

/** A hash with the number of the project's tombstones in this Redis, which tells one that lost some. */
export function tombstoneCountKey(project: string): string {
  return `larder:${project}:erased`;
}

/** Hashing costs a row as much as writing it: only rows in slots with tombstones are hashed. */
export interface TombstoneSlots {
  /** `tombstonesKey` of the project. */
  keyOf(slot: number): string;
  /** Slots that have tombstones, as far as this process has seen. */
  readonly found: Set<number>;
}

export function createTombstoneSlots(project: string): TombstoneSlots {
  const keys = Array.from<string>({ length: SLOTS });
  return { keyOf: (slot) => (keys[slot] ??= tombstonesKey(project, slot)), found: new Set() };
}

let tags: readonly string[] | undefined;

/** The smallest decimal number whose slot this is; all 16,384 are found in 30 ms, when the first is needed. */
function tagOfSlot(slot: number): string {
  tags ??= findTags();
  return tags[slot] as string;
}

function findTags(): readonly string[] {
  const found = Array.from<string>({ length: SLOTS });
  for (let number = 0, missing = SLOTS; missing > 0; number++) {
    const tag = String(number);
    const slot = calculateSlot(Buffer.from(tag));
    if (found[slot] !== undefined) continue;
    found[slot] = tag;
    missing--;
  }
  return found;
}
