import { auditQuerySchema, type AuditAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { askedSubject, auditEntryJson, readAudit, type OfflineStore } from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { validate } from '../http/validate.ts';

export interface AuditDeps {
  readonly offlineStore: OfflineStore;
  /** The applied manifest; if nothing is applied, the loaded one. */
  manifest(): Manifest;
}

const DEFAULT_LIMIT = 50;

/** Who changed or inspected what. */
export function auditRoutes({ offlineStore, manifest }: AuditDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/audit')
    .get(async (request, response) => {
      const { cursor, limit = DEFAULT_LIMIT, ...query } = validate(auditQuerySchema, request.query);
      const now = manifest();
      const page = await readAudit(
        offlineStore,
        {
          project: now.project,
          actor: query.actor,
          keyId: query.key_id,
          action: query.action,
          subject: (await askedSubject(offlineStore, now, query)) ?? query.subject,
          requestId: query.request_id,
          outcome: query.outcome,
          from: query.from === undefined ? undefined : new Date(query.from),
          to: query.to === undefined ? undefined : new Date(query.to),
        },
        { cursor, limit },
      );
      response.json({
        entries: page.entries.map(auditEntryJson),
        cursor: page.cursor,
      } satisfies AuditAnswer);
    })
    .all(allow('GET'));
  return routes;
}
