/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the loopback interface up. */
#include "mech/loopback.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int loopback_up(Error *err)
{
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
        CLEANUP_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
                (void)error_set_errno(err, errno, "cannot bring the loopback interface up");
                return error_at(err, ERROR_LOOPBACK, 0);
        }
        return 0;
}
