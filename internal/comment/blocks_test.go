package comment_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// Whatever is typed is refused with a reason or meets itself, and what is shown
// of an e-mail address is not the address.
func FuzzBlock(f *testing.F) {
	h := newHouse(f)
	for _, value := range []string{"", "a@b.example", "A.B+c@googlemail.com", "mail.example", "10.0.0.0/8", "::ffff:10.0.0.1", "2001:db8::/32", "Ｃasino", "\xff", "()[]", "xn--80ak6aa92e.com", "@@", "1.2.3.4/0"} {
		for kind := range comment.BlockKinds {
			f.Add(kind, value)
		}
	}
	f.Fuzz(func(t *testing.T, kind int, value string) {
		k := comment.BlockKind(comment.BlockKinds[((kind%5)+5)%5])
		b, err := h.AddBlock(ctx(), comment.Block{Site: "daily", Kind: k, Value: value, Effect: comment.BlockReview}, operator)
		if err != nil {
			if fault.Of(err).Kind != fault.Invalid {
				t.Fatalf("%s %q: %v", k, value, err)
			}
			return
		}
		asked := value
		switch k {
		case comment.BlockDomain:
			asked = "somebody@sub." + b.Value
		case comment.BlockAddress:
			asked = b.Value[:len(b.Value)-len("/")-lenAfterSlash(b.Value)]
		case comment.BlockEmail:
			if b.Shown == value {
				t.Errorf("the address %q is kept readable", value)
			}
		}
		met, err := h.BlocksMeeting(ctx(), "daily", asked)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range met {
			if one.ID == b.ID {
				return
			}
		}
		t.Errorf("%s %q does not meet %q", k, value, asked)
	})
}

func lenAfterSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return len(s) - 1 - i
		}
	}
	return 0
}

// Readers who report at the same moment take a comment out of sight once.
func TestManyReportAtOnce(t *testing.T) {
	h := newHouse(t, "report_hold=3")
	id := h.public("Report me.").Comment.ID
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: id, Reason: "hate", Client: comment.Client{IP: fmt.Sprint("198.51.100.", i)}})
			if err != nil && !fault.Is(err, "not_found") { // it was gone already
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.wantEvents(id, "created approved reported reported reported restored")
	h.wantTrueCounts()
	h.wantSoundLog("daily")
}

// BenchmarkBlocks looks somebody up who meets nothing, in long lists.
func BenchmarkBlocks(b *testing.B) {
	h := newHouse(b, "moderation=off")
	values := map[comment.BlockKind]func(int) string{
		comment.BlockDomain:   func(i int) string { return fmt.Sprintf("disposable-%d.example", i) },
		comment.BlockAddress:  func(i int) string { return fmt.Sprintf("10.%d.%d.0/%d", i/250, i%250, 16+i%9) },
		comment.BlockEmail:    func(i int) string { return fmt.Sprintf("somebody%d@mail.example", i) },
		comment.BlockNamePart: func(i int) string { return fmt.Sprintf("casino%d", i) },
	}
	for kind, n := range map[comment.BlockKind]int{comment.BlockDomain: 20000, comment.BlockAddress: 5000, comment.BlockEmail: 5000, comment.BlockNamePart: 1000} {
		for from := 0; from < n; from += 1000 {
			in := comment.BlockImport{Site: "daily", Kind: kind, Effect: comment.BlockReview}
			for i := range 1000 {
				in.Values = append(in.Values, values[kind](from+i))
			}
			if _, err := h.ImportBlocks(ctx(), in, operator); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, who := range []string{"Rita Okonkwo", "rita@reader.example", "203.0.113.77"} {
		b.Run(who, func(b *testing.B) {
			for b.Loop() {
				if met, err := h.BlocksMeeting(ctx(), "daily", who); err != nil || len(met) > 0 {
					b.Fatal(met, err)
				}
			}
		})
	}
}
