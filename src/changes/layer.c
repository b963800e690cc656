/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the upper and lower directories of a layer. */
#include "changes/layer.h"

const char *const changes_engine_names[] = {
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
        strlist_clear(&layer->image);
        *layer = (ChangesLayer){0};
}
