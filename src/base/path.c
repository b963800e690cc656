/* SPDX-License-Identifier: Apache-2.0 */
/* Joins, normalizes and compares paths as text. */
#include "base/path.h"

#include <limits.h>
#include <stdio.h>

/* Appends the components of @path to @out, which holds @len bytes and has room for them. */
static size_t append_components(char *out, size_t len, const char *path)
{
        while (*path) {
                size_t n = strcspn(path, "/");
                if (n == 2 && path[0] == '.' && path[1] == '.') {
                        while (len > 0 && out[--len] != '/')
                                ;
                } else if (n > 0 && !(n == 1 && path[0] == '.')) {
                        out[len++] = '/';
                        memcpy(out + len, path, n);
                        len += n;
                }
                path += n;
                while (*path == '/')
                        path++;
        }
        return len;
}

int path_normalize(const char *path, const char *base, char **ret)
{
        bool relative = path[0] != '/';
        if (path[0] == '\0' || (relative && (!base || base[0] != '/')))
                return -EINVAL;
        size_t room = strlen(path) + (relative ? strlen(base) : 0) + 3;
        CLEANUP_FREE char *out = malloc(room);
        if (!out)
                return -ENOMEM;
        size_t len = 0;
        if (relative)
                len = append_components(out, len, base);
        len = append_components(out, len, path);
        if (len == 0)
                out[len++] = '/';
        if (len >= PATH_MAX)
                return -ENAMETOOLONG;
        out[len] = '\0';
        *ret = TAKE_PTR(out);
        return 0;
}

int path_list_next(const char **at, char **ret)
{
        while (**at) {
                size_t len = strcspn(*at, ":");
                CLEANUP_FREE char *spelled = strndup(*at, len);
                *at += len + ((*at)[len] == ':');
                int r = spelled ? -EINVAL : -ENOMEM;
                if (spelled && spelled[0] == '/')
                        r = path_normalize(spelled, NULL, ret);
                if (r == 0 || r == -ENOMEM)
                        return r == 0 ? 1 : r;
        }
        return 0;
}

bool path_is_below(const char *path, const char *dir)
{
        size_t n = strlen(dir);
        if (n == 1 && dir[0] == '/')
                return path[0] == '/';
        return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

char *path_join(const char *dir, const char *name)
{
        char *s = NULL;
        size_t n = strlen(dir);
        bool slash = n > 0 && dir[n - 1] == '/';
        while (*name == '/')
                name++;
        return asprintf(&s, "%s%s%s", dir, slash || *name == '\0' ? "" : "/", name) < 0 ? NULL : s;
}

size_t path_up(const char *path, size_t len)
{
        if (len <= 1)
                return 0;
        while (path[len - 1] != '/')
                len--;
        return len > 1 ? len - 1 : 1;
}

char *path_parent(const char *path)
{
        const char *slash = strrchr(path, '/');
        if (!slash || slash == path)
                return strdup("/");
        return strndup(path, (size_t)(slash - path));
}

const char *path_name(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}
