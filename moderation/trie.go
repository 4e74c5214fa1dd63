package moderation

import "sort"

// trie is an Aho-Corasick automaton over skeletons without doubled runes. One
// walk over a text visits every key that ends at each place, in time linear in
// the text. Children of a node lie side by side, so five thousand words take
// about a megabyte. It is read only once built.
type trie struct {
	nodes []trieNode
}

type trieNode struct {
	label      rune
	first, n   int32 // children nodes[first:first+n], sorted by label
	fail       int32 // node of the longest proper suffix
	above      int32 // nearest node on the fail chain that ends a key, 0 if none
	depth      int32
	from, upto int32 // keys[from:upto] end here
}

// newTrie builds the automaton for keys, which must be sorted and not empty.
func newTrie(keys [][]rune) *trie {
	t := &trie{nodes: []trieNode{{upto: 0}}}
	ranges := [][2]int{{0, len(keys)}} // of keys that begin with the node's path
	for id := 0; id < len(t.nodes); id++ {
		lo, hi := ranges[id][0], ranges[id][1]
		depth := int(t.nodes[id].depth)
		t.nodes[id].from = int32(lo)
		for lo < hi && len(keys[lo]) == depth {
			lo++
		}
		t.nodes[id].upto = int32(lo)
		t.nodes[id].first = int32(len(t.nodes))
		for lo < hi {
			label, begin := keys[lo][depth], lo
			lo += sort.Search(hi-lo, func(i int) bool { return keys[begin+i][depth] != label })
			t.nodes = append(t.nodes, trieNode{label: label, depth: int32(depth + 1)})
			ranges = append(ranges, [2]int{begin, lo})
			t.nodes[id].n++
		}
	}
	t.link()
	return t
}

// link sets fail and above. Nodes lie in breadth-first order, so every node
// that a link may lead to is finished before.
func (t *trie) link() {
	for id := range t.nodes {
		n := t.nodes[id]
		for c := n.first; c < n.first+n.n; c++ {
			child := &t.nodes[c]
			if id != 0 {
				child.fail = t.step(n.fail, child.label)
			}
			if f := &t.nodes[child.fail]; f.upto > f.from {
				child.above = child.fail
			} else {
				child.above = f.above
			}
		}
	}
}

// child returns the child of a node by label, or 0.
func (t *trie) child(id int32, label rune) int32 {
	n := &t.nodes[id]
	lo, hi := n.first, n.first+n.n
	for lo < hi {
		mid := (lo + hi) / 2
		switch l := t.nodes[mid].label; {
		case l == label:
			return mid
		case l < label:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0
}

// step moves from a node by one rune of text.
func (t *trie) step(id int32, label rune) int32 {
	for {
		if c := t.child(id, label); c != 0 {
			return c
		}
		if id == 0 {
			return 0
		}
		id = t.nodes[id].fail
	}
}

// ending visits the nodes at which keys end once a walk has come to id, the
// longest key first.
func (t *trie) ending(id int32, visit func(n *trieNode)) {
	for ; id != 0; id = t.nodes[id].above {
		if n := &t.nodes[id]; n.upto > n.from {
			visit(n)
		}
	}
}
