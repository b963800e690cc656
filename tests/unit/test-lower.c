/* SPDX-License-Identifier: Apache-2.0 */
/* What a helper sees of a lower: a tree of the host's with covers, in a mount namespace of the test's own. */
#include "inside.h"

#include "base/mount.h"
#include "mech/lower.h"

static const PlanOp root_only[] = {ROOT};

static void look_at_nothing(void)
{
}

/* Shows the files that the test made at base/empty, as @dest of the plan; base/dir holds the covers. */
typedef struct Shown {
        int tree, empty;
} Shown;

static Shown show_files(void)
{
        Error err = {0};
        Shown s = {FD_NONE, FD_NONE};
        int at = open(below("empty"), O_PATH | O_CLOEXEC), dir = open(below("dir"), O_PATH | O_CLOEXEC);
        CHECK(at >= 0 && dir >= 0);
        CHECK(mount_clone(AT_FDCWD, below("lower"), true, &s.tree) == 0);
        CHECK(mount_attach(s.tree, at) == 0);
        CHECK(lower_make_empty(&s.empty, &err) == 0);
        CHECK(mount_attach(s.empty, dir) == 0);
        (void)close(at);
        (void)close(dir);
        return s;
}

static void hide(const Shown *s, const PlanOp *ops, size_t n, size_t from, bool only_masks, const char *dest)
{
        const PlanRoot root = {.ops = (PlanOp *)(uintptr_t)ops, .n_ops = n};
        Error err = {0};
        if (lower_hide(&root, from, only_masks, s->tree, dest, s->empty, &err) < 0)
                inside_check(false, __LINE__, err.text);
}

#define HIDE(s, ops, from, only_masks, dest) hide(s, ops, ARRAY_LEN(ops), from, only_masks, dest)

static ino_t number_of(const char *name)
{
        struct stat st;
        CHECK(stat(below(name), &st) == 0);
        return st.st_ino;
}

static bool is_empty_directory(const char *name)
{
        return has_mode(below(name), 0555) && rmdir(below(name)) < 0 && errno == EBUSY &&
               access(below("empty/private/key"), F_OK) < 0;
}

static void hide_what_covers(void)
{
        const Shown s = show_files();
        const PlanOp ops[] = {
                {.kind = OP_MASK, AT("/x/before")},
                {.kind = OP_TMPFS, AT("/x")}, /* the lower's own place */
                {.kind = OP_MASK, AT("/x/secret")},
                {.kind = OP_MASK, AT("/x/private")},
                {.kind = OP_TMPFS, AT("/x/sub/deep")},
                {.kind = OP_DIR, AT("/x/made")},
                {.kind = OP_OVERLAY, AT("/x/made"), .flags = OP_VIEWED}, /* what the lower is for */
                {.kind = OP_MASK, AT("/x/none")},
                {.kind = OP_MASK, AT("/xylophone")},
        };
        HIDE(&s, ops, 1, false, "/x");
        CHECK(has_text(below("empty/secret"), "") && has_mode(below("empty/secret"), 0444));
        CHECK(is_empty_directory("empty/private"));
        CHECK(is_empty_directory("empty/sub/deep"));
        CHECK(has_text(below("empty/before"), "canary"));
        CHECK(has_text(below("empty/made/file"), "canary"));
        CHECK(access(below("empty/none"), F_OK) < 0);
        CHECK(!can_write(below("empty/secret"), "x") && errno == EROFS);
        CHECK(!can_write(below("empty/private/x"), "x") && errno == EROFS);
        /* One number for two would make one directory of them for a server of files. */
        CHECK(number_of("empty/private") != number_of("empty/sub/deep"));
        CHECK(has_text(below("lower/secret"), "canary") && has_text(below("lower/private/key"), "canary"));
}

static void hide_masks_alone(void)
{
        const Shown s = show_files();
        const PlanOp ops[] = {{.kind = OP_MASK, AT("/secret")}, {.kind = OP_TMPFS, AT("/private")}};
        HIDE(&s, ops, 0, true, "/");
        CHECK(has_text(below("empty/secret"), ""));
        CHECK(has_text(below("empty/private/key"), "canary"));
}

static void hide_behind_links(void)
{
        const Shown s = show_files();
        const PlanOp ops[] = {{.kind = OP_MASK, AT("/link/key")},
                              {.kind = OP_MASK, AT("/link"), .flags = OP_NO_FOLLOW},
                              {.kind = OP_MASK, AT("/outside/secret")}};
        HIDE(&s, ops, 0, false, "/");
        CHECK(has_text(below("empty/private/key"), ""));
        CHECK(has_mode(below("empty/private"), 0755));
        /* Absolute links are the tree's: this one leads to its own "secret". */
        CHECK(has_text(below("empty/secret"), ""));
        CHECK(has_text(below("lower/secret"), "canary"));
}

static void seal_covers(void)
{
        const Shown s = show_files();
        const PlanOp ops[] = {{.kind = OP_MASK, AT("/secret")}};
        Error err = {0};
        HIDE(&s, ops, 0, false, "/");
        CHECK(lower_seal_empty(s.empty, &err) == 0);
        CHECK(!can_write(below("dir/x"), "x") && errno == EROFS);
        CHECK(has_text(below("empty/secret"), ""));
        const PlanOp more[] = {{.kind = OP_MASK, AT("/private")}};
        const PlanRoot root = {.ops = (PlanOp *)(uintptr_t)more, .n_ops = 1};
        CHECK(lower_hide(&root, 0, false, s.tree, "/", s.empty, &err) == -EROFS);
        CHECK(strstr(err.text, "cannot hide '/private' from the server of the overlay: ") == err.text);
}

static void make_lower(void)
{
        static const char *const dirs[] = {"lower", "lower/private", "lower/sub", "lower/sub/deep",
                                           "lower/made"};
        static const char *const files[] = {"lower/secret", "lower/before", "lower/private/key",
                                            "lower/made/file", "lower/sub/deep/file"};
        if (access(below("lower"), F_OK) == 0)
                return;
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                assert_int_equal(mkdir(below(dirs[i]), 0755), 0);
        for (size_t i = 0; i < ARRAY_LEN(files); i++)
                put(files[i], "canary");
        assert_int_equal(symlink("private", below("lower/link")), 0);
        assert_int_equal(symlink("/", below("lower/outside")), 0);
}

static void what_hides_in_the_sandbox_hides_in_the_lower(void **state)
{
        (void)state;
        make_lower();
        INSIDE(root_only, .prepare = hide_what_covers, .look = look_at_nothing);
}

static void of_a_foreign_root_only_masks_count(void **state)
{
        (void)state;
        make_lower();
        INSIDE(root_only, .prepare = hide_masks_alone, .look = look_at_nothing);
}

static void links_are_followed_within_the_tree(void **state)
{
        (void)state;
        make_lower();
        INSIDE(root_only, .prepare = hide_behind_links, .look = look_at_nothing);
}

static void nothing_is_added_to_sealed_covers(void **state)
{
        (void)state;
        make_lower();
        INSIDE(root_only, .prepare = seal_covers, .look = look_at_nothing);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_hides_in_the_sandbox_hides_in_the_lower),
                cmocka_unit_test(of_a_foreign_root_only_masks_count),
                cmocka_unit_test(links_are_followed_within_the_tree),
                cmocka_unit_test(nothing_is_added_to_sealed_covers),
        };
        return RUN_INSIDE(tests);
}
