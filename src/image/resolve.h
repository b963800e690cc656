/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the image of Root= for the plan. */
#pragma once

#include "plan/host.h"
#include "spec/spec.h"

/**
 * image_resolve - find the image that spec->root_dir names, and hold its layers. An image of an archive is
 * imported first, without a name, if the store does not have its layers.
 *
 * @spec: with a root that is an image. What the user did not choose comes from the image: the user, and with
 * @wants_command the command. root_dir then names the image by its digest.
 * @host: gets the image, and the paths of its layers.
 *
 * Returns 0; -ENOENT (no such image), -ENOTSUP (its ids are not mapped here), -errno with @err.
 */
int image_resolve(Spec *spec, Host *host, bool wants_command, Error *err);

/**
 * image_find_user - find the ids of a user in an image.
 *
 * @layers: open directories, topmost first. @user: "USER[:GROUP]", names or numbers.
 *
 * Returns 0; -ENOENT: there is no such user or group; -EBADMSG with @err.
 */
int image_find_user(const int *layers, size_t n, const char *user, uid_t *ret_uid, gid_t *ret_gid,
                    Error *err);
