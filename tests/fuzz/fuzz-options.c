/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes, split at NUL, are a command line. */
#include "front/front.h"

#include "text.h"

#define WORDS_MAX 16

static const char *no_variable(const char *name)
{
        (void)name;
        return NULL;
}

static int none_kept(void *userdata, const char *name, Spec *spec, Error *err)
{
        (void)userdata;
        (void)spec;
        return error_set(err, -ENOENT, "no sandbox is called %s", name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP_FREE char *text = fuzz_text(data, size);
        CLEANUP(spec_clear) Spec spec = {0};
        const FrontContext ctx = {
                .home = "/home/u", .cwd = "/home/u/p", .getenv = no_variable, .restore = none_kept};
        FrontOptions options;
        Error err = {0};
        char *argv[WORDS_MAX + 2] = {(char[]){"run"}};
        int argc = 1;
        for (char *p = text; p < text + size && argc <= WORDS_MAX; p += strlen(p) + 1)
                argv[argc++] = p;
        (void)front_make_spec(argc, argv, "default", &ctx, &spec, &options, &err);
        return 0;
}
