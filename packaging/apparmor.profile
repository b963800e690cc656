# AppArmor's profile of kurung, for systems on which only programs with a profile may create user namespaces (Ubuntu
# 23.10 and later: kernel.apparmor_restrict_unprivileged_userns). It grants that and restricts nothing else; kurung
# confines what it runs by itself. Needs AppArmor 4.0; earlier parsers do not know "userns".
abi <abi/4.0>,
include <tunables/global>

profile usr.bin.kurung /usr/{bin/kurung{,-bwrap},libexec/kurung/kurung-{net,view}} flags=(unconfined) {
  userns,

  # Additions of this machine.
  include if exists <local/usr.bin.kurung>
}
