// Package torture does to the program what the world does, while clients use
// it, and then holds what it promised against what is there: kills and pauses
// of nodes, restarts and failovers of the database, a network that is slow,
// silent or cut in the middle of a commit, files that others hold, and crowds.
// It has tests only: a short run among the others, a long one with
//
//	make torture
//
// and a benchmark of the way from an approval to its webhook. The program is
// built and started as its users do it; nothing of ours is imported, and
// signatures are verified with the Standard Webhooks library. docs/torture.md
// says what is proven.
package torture
