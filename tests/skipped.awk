# Names each skipped test and its reason, from ctest's log: a test says SKIP or "skipped:" before the reason, or
# ": skipped" behind it.
/^[0-9]+\/[0-9]+ Testing: / { name = $3 }
/^(SKIP |skipped: )/ { sub(/^(SKIP |skipped: )/, ""); printf "skipped %s: %s\n", name, $0 }
/: skipped$/ { sub(/: skipped$/, ""); printf "skipped %s: %s\n", name, $0 }
