// Events of Hookline: bodies of webhooks in the form event.

/** An array, which may have more than one dimension. */
export type Nested<T> = (T | null | Nested<T>)[]

/** A record of table public.pairs. */
export interface Pair {
  "a": number
  "b": string
  "id": string | null
  "version": number | null
}

export interface PairCreated {
  event: "pair.created"
  data: Pair
  timestamp: string
  id: string
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Pair, "a" | "b">>
  previousKey?: Required<Pick<Pair, "a" | "b">>
}

export interface PairUpdated {
  event: "pair.updated"
  data: Pair
  timestamp: string
  id: string
  updatedFields?: string[]
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Pair, "a" | "b">>
  previousKey?: Required<Pick<Pair, "a" | "b">>
}

export interface PairDeleted {
  event: "pair.deleted"
  data: Pair
  timestamp: string
  id: string
  updatedFields?: string[]
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Pair, "a" | "b">>
  previousKey?: Required<Pick<Pair, "a" | "b">>
}

/** A record of table public.things. */
export interface Thing {
  "id": string
  "version": number | null
  "yes": boolean
  "small": number | null
  "large": number
  "real": number | string | null
  "exact": number | string | null
  "word": string
  "raw": string | null
  "uid": string | null
  "day": string | null
  "clock": string | null
  "local": string | null
  "moment": string | null
  "span": string | null
  "doc": unknown
  "moods": Nested<"fine" | "so so"> | null
  "one": "fine" | "so so" | null
  "graded": "fine" | "so so" | null
  "place": { "x": number | null; "y": number | string | null; "moods": Nested<"fine" | "so so"> | null } | string | null
  "places": Nested<{ "x": number | null; "y": number | string | null; "moods": Nested<"fine" | "so so"> | null } | string> | null
  "grid": Nested<number> | null
  "words": Nested<string> | null
  "range": string | null
  "address": string | null
  "deletedAt": string | null
  "oddName": string | null
  "more": string | null
}

export interface ThingCreated {
  event: "thing.created"
  data: Thing
  timestamp: string
  id: string
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Thing, "id">>
  previousKey?: Required<Pick<Thing, "id">>
}

export interface ThingUpdated {
  event: "thing.updated"
  data: Thing
  timestamp: string
  id: string
  updatedFields?: string[]
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Thing, "id">>
  previousKey?: Required<Pick<Thing, "id">>
}

export interface ThingDeleted {
  event: "thing.deleted"
  data: Thing
  timestamp: string
  id: string
  updatedFields?: string[]
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Thing, "id">>
  previousKey?: Required<Pick<Thing, "id">>
}

export interface ThingRestored {
  event: "thing.restored"
  data: Thing
  timestamp: string
  id: string
  updatedFields?: string[]
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Thing, "id">>
  previousKey?: Required<Pick<Thing, "id">>
}

export interface ThingDestroyed {
  event: "thing.destroyed"
  data: Thing
  timestamp: string
  id: string
  part?: { of: string }
  context?: Record<string, unknown>
  key?: Required<Pick<Thing, "id">>
  previousKey?: Required<Pick<Thing, "id">>
}

/** What Hookline tells of itself. */
export interface HooklineTrial {
  "message": string
}

export interface HooklineTest {
  event: "hookline.test"
  data: HooklineTrial
  timestamp: string
  id: string
}

export type HooklineEvent =
  | PairCreated
  | PairUpdated
  | PairDeleted
  | ThingCreated
  | ThingUpdated
  | ThingDeleted
  | ThingRestored
  | ThingDestroyed
  | HooklineTest
