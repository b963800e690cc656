/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and frees how a command is executed. */
#include "spec/execution.h"

void spec_execution_clear(SpecExecution *execution)
{
        free(execution->kept_fds);
        free(execution->filter_fds);
        free(execution->rlimits);
        free(execution->groups);
        free(execution->argv0);
        *execution = (SpecExecution){0};
}

int spec_execution_check(const SpecExecution *execution, Error *err)
{
        for (size_t i = 0; i < execution->n_kept_fds; i++)
                if (execution->kept_fds[i] < 3)
                        return error_set(err, EINVAL, "cannot keep descriptor %d: 0 to 2 are there anyway",
                                         execution->kept_fds[i]);
        if (!execution->detached)
                return 0;
        if (execution->init != INIT_PAYLOAD || execution->die_with_parent || !execution->as_given ||
            execution->terminal == TERMINAL_OWN)
                return error_set(err, EINVAL,
                                 "cannot detach a command that needs a process of kurung's beside it");
        return 0;
}
