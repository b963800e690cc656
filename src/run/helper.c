/* SPDX-License-Identifier: Apache-2.0 */
/* Starts, watches and stops the helpers of a sandbox, of any kind. */
#include "run/helper.h"

#include "base/log.h"
#include "base/process.h"

#include <signal.h>
#include <sys/wait.h>

/* Time that a helper needs to exit after it closed its files. */
#define DYING_MS 500

enum { POLL_MESSAGE, POLL_END, POLLS_EACH };

int helpers_add(HelperList *list, Helper *h, Error *err)
{
        if (list->n == HELPERS_MAX)
                return error_set(err, E2BIG, "more than %d helpers for one sandbox", HELPERS_MAX);
        list->items[list->n++] = h;
        return 0;
}

int helpers_prepare(const HelperList *list, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < list->n; i++)
                if (list->items[i]->kind->prepare)
                        r = list->items[i]->kind->prepare(list->items[i], err);
        return r;
}

int helpers_start(const HelperList *list, bool early, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < list->n; i++) {
                Helper *h = list->items[i];
                if (h->started || h->kind->early != early)
                        continue;
                h->started = true;
                r = h->kind->start(h, err);
        }
        return r;
}

int helpers_mapped(const HelperList *list, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < list->n; i++)
                if (list->items[i]->started && list->items[i]->kind->on_mapped)
                        r = list->items[i]->kind->on_mapped(list->items[i], err);
        return r;
}

void helpers_poll_prepare(const HelperList *list, struct pollfd fds[HELPER_POLLS])
{
        for (size_t i = 0; i < HELPERS_MAX; i++) {
                const Helper *h = i < list->n ? list->items[i] : NULL;
                struct pollfd *own = fds + i * POLLS_EACH;
                own[POLL_MESSAGE] = (struct pollfd){.fd = h ? h->channel : -1, .events = POLLIN};
                own[POLL_END] = (struct pollfd){.fd = h ? h->pidfd : -1, .events = POLLIN};
        }
}

int helpers_handle_messages(const HelperList *list, const struct pollfd fds[HELPER_POLLS], Error *err)
{
        int first = 0;
        for (size_t i = 0; i < list->n; i++) {
                Helper *h = list->items[i];
                if (!fds[i * POLLS_EACH + POLL_MESSAGE].revents || h->channel < 0)
                        continue;
                int r = h->kind->on_message(h, err);
                first = first < 0 ? first : r;
        }
        return first;
}

int helpers_handle_ends(const HelperList *list, const struct pollfd fds[HELPER_POLLS], bool expected,
                        Error *err)
{
        int first = 0;
        for (size_t i = 0; i < list->n; i++) {
                Helper *h = list->items[i];
                if (!fds[i * POLLS_EACH + POLL_END].revents || h->pidfd < 0)
                        continue;
                int r = h->kind->on_end(h, expected || first < 0, err);
                first = first < 0 ? first : r;
        }
        return first;
}

int helpers_look_for_dying(const HelperList *list, bool expected, Error *err)
{
        int first = 0;
        for (size_t i = 0; i < list->n; i++) {
                Helper *h = list->items[i];
                struct pollfd p = {.fd = h->pidfd, .events = POLLIN};
                if (!h->kind->serves_files || p.fd < 0 || poll(&p, 1, DYING_MS) <= 0)
                        continue;
                int r = h->kind->on_end(h, expected || first < 0, err);
                first = first < 0 ? first : r;
        }
        return first;
}

void helpers_look_for_stopped(const HelperList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                Helper *h = list->items[i];
                siginfo_t info = {0};
                if (!h->kind->serves_files || h->pidfd < 0 ||
                    waitid((idtype_t)P_PIDFD, (id_t)h->pidfd, &info, WSTOPPED | WNOHANG) < 0 ||
                    info.si_pid == 0)
                        continue;
                h->stopped = true;
                log_notice("%s was stopped; Ctrl-C ends the sandbox", h->kind->name);
        }
}

bool helpers_are_stopped(const HelperList *list)
{
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i]->stopped)
                        return true;
        return false;
}

void helpers_kill(const HelperList *list)
{
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i]->kind->serves_files && list->items[i]->pidfd >= 0)
                        (void)process_signal(list->items[i]->pidfd, SIGKILL);
}

bool helpers_have_died(const HelperList *list)
{
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i]->kind->serves_files && list->items[i]->died)
                        return true;
        return false;
}

int helpers_stop(const HelperList *list, Error *err)
{
        int first = 0;
        for (size_t i = list->n; i > 0; i--) {
                int r = list->items[i - 1]->kind->stop(list->items[i - 1], err);
                first = first < 0 ? first : r;
        }
        return first;
}
