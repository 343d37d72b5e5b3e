import { systemClock } from '@larder/core';
import { findVersionDefinitions, openWithArtifact, requireModel } from '@larder/registry';
import { checkParity, compareViews, parityJson } from '@larder/training';
import type { ComparisonAnswer, ParityAnswer } from '@larder/contracts';
import { actor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import type { ComparisonsControl } from '../control.ts';

/** Compares in this process, on the log and on history in PostgreSQL. */
export function directComparisons(session: Session): ComparisonsControl {
  const depsOf = async () => ({
    project: await session.projectName(),
    store: await session.offlineStore(),
    artifacts: await session.artifacts(),
  });
  return {
    async parity(asked, { signal }) {
      const { project, ...deps } = await depsOf();
      await requireModel(deps, { project, ...asked });
      const report = await checkParity(
        {
          store: deps.store,
          clock: systemClock,
          definitionsOf: (version) => findVersionDefinitions(deps, { project, model: asked.model, version }),
        },
        { project, ...asked, signal },
      );
      return parityJson(report) as ParityAnswer;
    },
    async views(asked, comparing) {
      const manifest = await session.manifest();
      const { project, ...deps } = await depsOf();
      const compared = await compareViews(
        {
          store: deps.store,
          manifest,
          openModel: (reference) => openWithArtifact(deps, { project, reference }),
          connections: {},
          actor: actor(),
          clock: systemClock,
        },
        asked,
        comparing,
      );
      return compared as ComparisonAnswer;
    },
  };
}
