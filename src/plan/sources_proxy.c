/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the proxies of the environment, as curl(1) describes them. */
#include "plan/sources_internal.h"

#include <stdio.h>

/* Inside, the loopback is the sandbox's own. */
static bool is_loopback(const char *url)
{
        const char *host = strstr(url, "://");
        host = host ? host + 3 : url;
        const char *at = memrchr(host, '@', strcspn(host, "/?#"));
        host = at ? at + 1 : host;
        return str_starts(host, "127.") || str_starts(host, "localhost") || str_starts(host, "[::1]");
}

static int take_variable(Finder *f, const char *name, const char *value)
{
        CLEANUP_FREE char *url = NULL;
        const SourceOrigin origin = {.where = name};
        if (str_empty(value))
                return 0;
        if (asprintf(&url, "%s%s", strstr(value, "://") ? "" : "http://", value) < 0)
                return -ENOMEM;
        if (is_loopback(url))
                return source_notice(f,
                                     "ignored $%s: it is on this machine's loopback (open its port with "
                                     "HostLoopback=PORT, and set %s to http://10.0.2.2:PORT)",
                                     name, name);
        int r = source_add_url(f, url, &origin);
        return r == 0 ? source_add_env(f, name, url) : r;
}

int source_proxy(Finder *f, Error *err)
{
        static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                            "ALL_PROXY"};
        static const char *const exceptions[] = {"no_proxy", "NO_PROXY"};
        size_t before = f->out->n;
        int r = 0;
        for (size_t i = 0; r == 0 && f->ctx->getenv && i < ARRAY_LEN(names); i++)
                r = take_variable(f, names[i], f->ctx->getenv(names[i]));
        for (size_t i = 0; r == 0 && f->ctx->getenv && i < ARRAY_LEN(exceptions); i++) {
                const char *value = f->ctx->getenv(exceptions[i]);
                if (!str_empty(value) && f->out->n > before)
                        r = strlist_add_printf(&f->out->env, "%s=%s", exceptions[i], value);
        }
        (void)err;
        return r;
}
