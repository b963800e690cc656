# shellcheck shell=bash
# What is measured of kept sandboxes, run by bench as an ordinary user. Usage: changes.sh WORK KURUNG; prints a line for each
# job: name, kurung's median and the other's in ms, their ratio, at most. The two sides are run in turns.
set -euo pipefail
work=$1 kurung=$2
rounds=${ROUNDS:-5}
export HOME=$work/changes-home LC_ALL=C.UTF-8
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
mkdir -p "$HOME/.config/kurung" "$HOME/project"
cp -r "$(dirname "$kurung")/profiles" "$HOME/.config/kurung/profiles"
kept=$HOME/.local/state/kurung/kept
cd "$HOME/project"

milliseconds() { # COMMAND...
    local begin end
    begin=$(date +%s%N)
    "$@" >/dev/null 2>&1
    end=$(date +%s%N)
    echo $(((end - begin) / 1000))
}
median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2000 }'; }
# pair NAME AT-MOST OURS OTHER [PREPARE-OURS PREPARE-OTHER]: shell functions or commands without arguments
pair() {
    local name=$1 most=$2 round ours=() others=()
    for ((round = 0; round < rounds; round++)); do
        [ -z "${5:-}" ] || "$5" >/dev/null 2>&1
        ours+=("$(milliseconds "$3")")
        [ -z "${6:-}" ] || "$6" >/dev/null 2>&1
        others+=("$(milliseconds "$4")")
    done
    local a b
    a=$(printf '%s\n' "${ours[@]}" | median)
    b=$(printf '%s\n' "${others[@]}" | median)
    awk -v n="$name" -v a="$a" -v b="$b" -v m="$most" 'BEGIN { printf "%s\t%.1f\t%.1f\t%.2f\t%s\t%s\n", n, a, b, a / b, m, a / b <= m ? "met" : "MISSED" }'
}
cat >"$HOME/files.pl" <<'PERL'
# N DIRECTORY: so many files, a hundred in a directory.
my ($n, $top) = @ARGV;
mkdir $top;
for my $i (1 .. $n) {
    my $dir = "$top/d" . int($i / 100);
    mkdir $dir if $i % 100 == 0 || $i == 1;
    open my $file, ">", "$dir/f$i" or die "$dir/f$i: $!";
    print $file "content of $i\n";
}
PERL
with_files=(--read-only="$HOME/files.pl")

# 1,000 changes over a system of many files, and over a tree ten times as large.
"$kurung" run -q --keep=usr -p build -- perl -e 'for my $i (0 .. 999) { my $d = "/usr/share/d" . int($i / 50); mkdir $d; open my $f, ">", "$d/f$i" or die; print $f "x$i\n" }'
usr_diff() { "$kurung" diff --json --all usr; }
usr_find() { find "$kept"/usr/upper-*; }
usr_diff >/dev/null
usr_find >/dev/null
pair "diff --json of 1,000 changes over /usr, find over the upper" 3 usr_diff usr_find
mkdir small large
(cd small && for i in $(seq 0 19); do mkdir "d$i"; done; for i in $(seq 0 1999); do echo x >"d$((i % 20))/f$i"; done)
(cd large && for i in $(seq 0 19); do mkdir "d$i"; done; for i in $(seq 0 19999); do echo x >"d$((i % 20))/f$i"; done)
for size in small large; do
    (cd $size && "$kurung" run -q --keep=$size -- perl -e 'for my $i (0 .. 999) { my $f = "d" . ($i % 20) . "/f$i"; open my $h, ">>", $f or die "$f: $!"; print $h "y\n" }')
done
small_diff() { "$kurung" diff --json small; }
large_diff() { "$kurung" diff --json large; }
small_diff >/dev/null
large_diff >/dev/null
pair "diff of 1,000 changes, the lower ten times as large" 1.1 large_diff small_diff

# 20,000 small files.
"$kurung" run -q --keep=files "${with_files[@]}" -- perl "$HOME/files.pl" 20000 tree
tree=$(echo "$kept"/files/upper-*/tree)
apply() { "$kurung" apply -q files; }
copy() { cp -a "$tree" "$HOME/copy"; }
remove_copy() { rm -rf "$HOME/copy" tree; }
copy
pair "apply of 20,000 small files, cp -a" 2 apply copy remove_copy remove_copy
remove_copy

# 200,000 files of subordinate ids, and as many of one's own.
keep_many() { "$kurung" run -q --keep=many -p build "${with_files[@]}" -- sh -c 'perl "$0" 200000 tree; chown -R 5:6 tree' "$HOME/files.pl"; }
many_own() { perl "$HOME/files.pl" 200000 "$HOME/own"; }
discard_many() { "$kurung" discard many; }
remove_own() { rm -rf "$HOME/own"; }
rounds=$((rounds > 3 ? 3 : rounds))
pair "discard of 200,000 files of subordinate ids, rm -rf of one's own" 1.3 discard_many remove_own keep_many many_own

# Memory, at 200,000 changes.
"$kurung" run -q --keep=memory "${with_files[@]}" -- perl "$HOME/files.pl" 200000 tree
for command in "diff --json --all memory" "diff -p memory $PWD/tree/d1" "apply -q memory" "export memory -o $HOME/memory.tar.zst"; do
    # shellcheck disable=SC2086 # words
    peak=$(perl -e 'my $pid = fork; if (!$pid) { open STDOUT, ">", "/dev/null"; exec @ARGV } my $max = 0;
        while (waitpid($pid, 1) == 0) { my $sum = 0; for my $p ($pid, split " ", `cat /proc/$pid/task/$pid/children 2>/dev/null`) {
            open my $f, "<", "/proc/$p/smaps_rollup" or next; /^Pss: +(\d+)/ and $sum += $1 while <$f> } $max = $sum if $sum > $max; select undef, undef, undef, 0.01 }
        print int($max / 102.4) / 10' "$kurung" $command)
    awk -v n="peak memory of ${command%% *} at 200,000 changes, MiB" -v p="$peak" 'BEGIN { printf "%s\t%.1f\t-\t-\t64\t%s\n", n, p, p <= 64 ? "met" : "MISSED" }'
done
"$kurung" discard usr small large files memory
