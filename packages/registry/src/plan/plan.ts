import type { ErrorCode } from '@larder/core';
import type { OlderSign } from './compare-age.ts';
import type { DroppedReader } from './dropped-readers.ts';

/** One thing that an apply does, as a line for people. */
export interface Change {
  /** `keep`: it is no longer in the configuration, and stays applied. */
  readonly action: 'create' | 'change' | 'remove' | 'keep';
  /** `view ad_image@1`, `model ad_ctr`. */
  readonly subject: string;
  readonly text: string;
  /** Something that is served or filled today stops being so. */
  readonly destructive: boolean;
}

/** Why an apply would be refused, with the JSON pointer into the manifest; for an artifact, whose it is. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly subject: string;
  readonly pointer: string;
  readonly message: string;
}

/** The differences between the applied manifest and a new one. */
export interface Plan {
  readonly project: string;
  /** The applied manifest this was compared with; null before the first apply. */
  readonly appliedId: number | null;
  /** Empty: applying would do nothing. */
  readonly changes: readonly Change[];
  /** Not empty: applying fails. `CODE_CHANGED` yields to `sameMeaning`. */
  readonly refusals: readonly Refusal[];
  /** View versions that applying changes in place; empty without `mutableVersions`. */
  readonly forgotten: readonly ForgottenVersion[];
  /** View versions with a schedule that no run will follow: no model reads them, and a newer version is there. */
  readonly notScheduled: readonly string[];
  /** What is allowed and probably not meant, as sentences without a full stop. */
  readonly warnings: readonly string[];
  /** Subjects that stay applied although the configuration lacks them. */
  readonly retained: readonly string[];
  /** Not empty: the configuration looks older than what is applied, and applying it has to be confirmed. */
  readonly older: readonly OlderSign[];
  /** Model versions on record that read a view version which applying drops; only with `prune`. */
  readonly readers: readonly DroppedReader[];
  /** Who applied what this was compared with, and when; null before the first apply. */
  readonly applied: { readonly actor: string; readonly appliedAt: Date } | null;
  /** Migrations that applying runs first; the database is empty, or of an older release. */
  readonly pendingMigrations: readonly string[];
}

/** A view version whose rows no longer mean what its definition says: they are set aside. */
export interface ForgottenVersion {
  readonly view: string;
  readonly version: number;
  /** The one that they were stored under. */
  readonly entity: string;
  /** Fingerprint of the definition that computed them. */
  readonly was: string;
  /** Fingerprint of the definition that replaces it: rows that it computed before come back. */
  readonly now: string;
  /** Rows may have been pushed: nothing can compute them again. */
  readonly takesPushes: boolean;
}

/** Options that allow changes which would otherwise be refused. */
export interface Leniency {
  /** Own functions whose code changed are declared to give the same values. @default false */
  readonly sameMeaning?: boolean | undefined;
  /** Changed view versions replace what was applied, and their rows are set aside: for development. @default false */
  readonly mutableVersions?: boolean | undefined;
  /** What is applied and not in the configuration is dropped instead of kept. @default false */
  readonly prune?: boolean | undefined;
  /** How long the prediction log is kept; views must keep the history that it points to. @default not checked */
  readonly predictionLogMs?: number | 'forever' | undefined;
  /** By subject: what differs in its code, for the texts. */
  readonly differences?: ReadonlyMap<string, readonly string[]> | undefined;
}

/** Collects a plan's lines while definitions are compared. */
export class PlanLines {
  readonly changes: Change[] = [];
  readonly refusals: Refusal[] = [];
  /** Subjects whose own code changed, allowed by `sameMeaning`. */
  readonly sameMeaning: string[] = [];
  readonly forgotten: ForgottenVersion[] = [];

  create(subject: string, note = ''): void {
    this.changes.push({ action: 'create', subject, text: `create ${subject}${note}`, destructive: false });
  }

  change(subject: string, text: string): void {
    this.changes.push({ action: 'change', subject, text, destructive: false });
  }

  remove(subject: string, consequence: string): void {
    this.changes.push({
      action: 'remove',
      subject,
      text: `remove ${subject}: ${consequence}`,
      destructive: true,
    });
  }

  keep(subject: string): void {
    this.changes.push({
      action: 'keep',
      subject,
      text: `keep ${subject}: not in the configuration any more; larder apply --prune drops it`,
      destructive: false,
    });
  }

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
  }
}
