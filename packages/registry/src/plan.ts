/** One thing that an apply does, as a line for a person. */
export interface Change {
  readonly action: 'create' | 'change' | 'remove';
  /** `view ad_image@1`, `model ad_ctr`. */
  readonly subject: string;
  readonly text: string;
  /** Something that is served or filled today stops being so. */
  readonly destructive: boolean;
}

/** Why an apply would be refused, with the JSON pointer into the manifest. */
export interface Refusal {
  readonly code: 'VIEW_VERSION_IMMUTABLE' | 'CODE_CHANGED';
  readonly subject: string;
  readonly pointer: string;
  readonly message: string;
}

/** What stands between the applied manifest and a new one. */
export interface Plan {
  readonly project: string;
  /** The applied manifest this was compared with; null before the first apply. */
  readonly appliedId: number | null;
  /** Empty: applying would do nothing. */
  readonly changes: readonly Change[];
  /** Not empty: applying fails. `CODE_CHANGED` yields to `sameMeaning`. */
  readonly refusals: readonly Refusal[];
}

/** Collects a plan's lines while definitions are compared. */
export class PlanLines {
  readonly changes: Change[] = [];
  readonly refusals: Refusal[] = [];
  /** Subjects whose own code changed and whom `sameMeaning` let through. */
  readonly sameMeaning: string[] = [];

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

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
  }
}
