/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the upper and lower directories of a layer. */
#include "changes/layer.h"

static const char *const engine_names[] = {
        [CHANGES_KERNEL] = "kernel",
        [CHANGES_FUSE] = "fuse",
        [CHANGES_SCRATCH] = "scratch",
};

void changes_layer_clear(ChangesLayer *layer)
{
        free(layer->name);
        free(layer->lower);
        free(layer->dest);
        strlist_clear(&layer->covered);
        *layer = (ChangesLayer){0};
}

const char *changes_engine_name(ChangesEngine engine)
{
        return engine_names[engine];
}

int changes_engine_find(const char *name, ChangesEngine *ret)
{
        for (size_t i = 0; i < ARRAY_LEN(engine_names); i++)
                if (str_eq(name, engine_names[i])) {
                        *ret = (ChangesEngine)i;
                        return 0;
                }
        return -EINVAL;
}
