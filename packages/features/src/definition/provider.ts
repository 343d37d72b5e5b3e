import type { T } from './field.ts';

/** Anything that provides features: a view, an on-demand view, or some features picked from one. */
export interface Provider<
  out Name extends string = string,
  out Keys = unknown,
  out Request = unknown,
  out Gives = unknown,
> {
  readonly kind: 'feature_view' | 'on_demand_feature_view' | 'pick';
  readonly [T]: {
    readonly name: Name;
    /** One object type per entity needed, as a union; merged for the inputs of a model. */
    readonly keys: Keys;
    /** One object type per on-demand view's request, as a union. */
    readonly request: Request;
    readonly gives: Gives;
  };
}

/** A union of object types as one object with the members of all. */
export type Merge<U> = (U extends unknown ? (part: U) => void : never) extends (whole: infer I) => void
  ? { readonly [K in keyof I]: I[K] }
  : never;

/** Features by view name, then feature name. */
export type GivesOf<P extends readonly Provider[]> = {
  readonly [V in P[number] as V[typeof T]['name']]: V[typeof T]['gives'];
};

export type KeysOf<P extends readonly Provider[]> = P[number][typeof T]['keys'];
export type RequestOf<P extends readonly Provider[]> = P[number][typeof T]['request'];

type ValueAt<U, K> = U extends unknown ? (K extends keyof U ? U[K] : never) : never;

/** Names that have different types in two members of a union of objects. */
type Clashes<U, Whole = Merge<U>> = {
  [K in keyof Whole]: [ValueAt<U, K>] extends [Whole[K]] ? never : K;
}[keyof Whole];

/** `P` itself when every join key and request field has one type, otherwise a message that names the one with two. */
export type Agreeing<P extends readonly Provider[]> = [Clashes<KeysOf<P>>] extends [never]
  ? [Clashes<RequestOf<P>>] extends [never]
    ? P
    : `Request field '${Clashes<RequestOf<P>> & string}' has two types in these features; give it one type or two names.`
  : `Join key '${Clashes<KeysOf<P>> & string}' has two types in the entities of these features; give it one type or two names.`;
