# Makes the C source of plan_sudo_script (plan/plan_internal.h) from a script. Comments of whole lines are left out, but for "#!".
BEGIN {
    print "/* SPDX-License-Identifier: Apache-2.0 */"
    print "/* The sudo of root inside. Made by src/plan/embed.awk. */"
    print "#include \"plan/plan_internal.h\"\n"
    print "const char plan_sudo_script[] ="
}

NR > 1 && /^ *#/ { next }

# Not by gsub(): awks do not agree about backslashes in what it puts in.
{
    line = ""
    for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        line = line (c == "\\" || c == "\"" ? "\\" : "") c
    }
    print "        \"" line "\\n\""
}

END { print "        ;" }
