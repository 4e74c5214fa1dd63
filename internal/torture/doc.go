// Package torture kills the program again and again while clients write, and
// then holds what it promised against what is there. It has tests only: a
// short run among the others, a long one with
//
//	make torture
//
// and a benchmark of the way from an approval to its webhook. The program is
// built and started as its users do it; nothing of ours is imported, and
// signatures are verified with the Standard Webhooks library.
package torture
