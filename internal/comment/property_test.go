package comment_test

func (h *house) wantTrueCounts() {}
