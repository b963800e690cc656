/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the texts of kurung's generated files in a root. */
#include "mech/rootfs_ops.h"

#include <stdio.h>

int rootfs_file_text(RootfsContext *ctx, const PlanOp *op, char **ret)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return -ENOMEM;
        for (const char *p = op->source; *p; p++)
                if (p[0] == '%' && p[1] == 'H' && op->flags & OP_SPECIFIERS) {
                        (void)fputs(ctx->host_name, out);
                        p++;
                } else {
                        (void)fputc(*p, out);
                }
        if (fclose(out) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
