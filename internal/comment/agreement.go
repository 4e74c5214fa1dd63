package comment

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Agreement is how often second looks agree with first decisions, for a site.
// Nobody is named in it.
type Agreement struct {
	Since      string            `json:"since"`
	All        AgreementFigure   `json:"all"`
	People     AgreementFigure   `json:"people"`     // first decisions of people
	Automation AgreementFigure   `json:"automation"` // those of the checks and rules
	Mine       AgreementFigure   `json:"mine"`       // the asker's own; nobody else is shown them
	Grounds    []GroundAgreement `json:"grounds"`    // by house rule and reason, most looked at first
}

// AgreementFigure is Cohen's kappa over whether a text should be shown, with its
// interval of 95 %. It is null where it says nothing: without looks, or where one
// answer was given always.
type AgreementFigure struct {
	N      int      `json:"n"`
	Agreed int      `json:"agreed"`
	Kappa  *float64 `json:"kappa"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
}

// GroundAgreement is the agreement about decisions for one ground.
type GroundAgreement struct {
	Clause string `json:"clause"` // id, "" = none
	Reason string `json:"reason"`
	N      int    `json:"n"`
	Agreed int    `json:"agreed"`
}

// pairs counts first decisions against second looks: [shown first][shown second].
type pairs [2][2]int

func (p *pairs) add(l SecondLook) {
	p[indicator(l.Action == Approve)][indicator(l.Verdict == Approve)]++
}

// figure is Cohen's kappa (1960) with the standard error that its author gives.
func (p pairs) figure() AgreementFigure {
	f := AgreementFigure{N: p[0][0] + p[0][1] + p[1][0] + p[1][1], Agreed: p[0][0] + p[1][1]}
	if f.N == 0 {
		return f
	}
	n := float64(f.N)
	observed := float64(f.Agreed) / n
	expected := (float64((p[0][0]+p[0][1])*(p[0][0]+p[1][0])) + float64((p[1][0]+p[1][1])*(p[0][1]+p[1][1]))) / (n * n)
	if expected == 1 {
		return f
	}
	kappa := (observed - expected) / (1 - expected)
	margin := 1.96 * math.Sqrt(observed*(1-observed)/n) / (1 - expected)
	low, high := max(-1, kappa-margin), min(1, kappa+margin)
	f.Kappa, f.Low, f.High = rounded(kappa), rounded(low), rounded(high)
	return f
}

func rounded(x float64) *float64 {
	x = math.Round(x*1000) / 1000
	return &x
}

// Agreement gives the figures of a site for the last half year.
func (s *Service) Agreement(ctx context.Context, by Account, site string) (Agreement, error) {
	since := s.Now().Add(-agreementPeriod)
	var looks []SecondLook
	err := s.viewOf(ctx, site, func(r Reader) (err error) {
		looks, err = r.DoneLooks(site, since, doneMost)
		return err
	})
	out := agreementOf(looks, by.ID)
	out.Since = Timestamp(since)
	return out, err
}

func agreementOf(looks []SecondLook, mine string) Agreement {
	var all, people, automation, own pairs
	grounds := map[[2]string]*GroundAgreement{}
	for _, l := range looks {
		all.add(l)
		switch l.DecidedBy {
		case "":
			automation.add(l)
		case mine:
			own.add(l)
			fallthrough
		default:
			people.add(l)
		}
		key := [2]string{l.Clause, l.Reason}
		if grounds[key] == nil {
			grounds[key] = &GroundAgreement{Clause: l.Clause, Reason: l.Reason}
		}
		grounds[key].N++
		grounds[key].Agreed += indicator(l.agrees())
	}
	out := Agreement{All: all.figure(), People: people.figure(), Automation: automation.figure(), Mine: own.figure(), Grounds: []GroundAgreement{}}
	for _, g := range grounds {
		out.Grounds = append(out.Grounds, *g)
	}
	slices.SortFunc(out.Grounds, func(a, b GroundAgreement) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
