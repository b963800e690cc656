/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libraries when they are first needed. */
#include "base/library.h"

#include <dlfcn.h>

static void *open_one(const Library *library)
{
        void *handle = NULL;
        /* Lazy binding halves the load time of a large library. */
        for (size_t i = 0; !handle && library->sonames[i]; i++)
                handle = dlopen(library->sonames[i], RTLD_LAZY | RTLD_LOCAL);
        return handle;
}

int library_load(const Library *library, Error *err)
{
        if (library->slots[0])
                return 0;
        void *handle = open_one(library);
        if (!handle)
                return error_set(err, ENOENT, "cannot load '%s' (Debian, Ubuntu: apt install %s): %s",
                                 library->title, library->package, dlerror());
        size_t n = 0;
        while (library->names[n])
                n++;
        /* From the last to the first: a first slot that is set means that all are. */
        for (size_t i = n; i-- > 0;) {
                library->slots[i] = dlsym(handle, library->names[i]);
                if (!library->slots[i])
                        return error_set(err, ENOENT, "'%s' does not provide %s", library->title,
                                         library->names[i]);
        }
        return 0;
}
