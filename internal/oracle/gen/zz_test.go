package gen_test

import (
	"strconv"
	"strings"
	"testing"

	"runrate/internal/event"
"runrate/internal/oracle/gen"
	"runrate/internal/money"
	"runrate/internal/oracle"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

func TestZZ(t *testing.T) {
	bad := 0
	for seed := range uint64(3000) {
		g := gen.Stream(seed, gen.Options{})
		log := g.Log()
		want := oracle.Compute(log, g.Partitions, oracle.Options{})
		got := oracle.Views{"dead_letters": nil, "usage_events": nil}
		for src, recs := range log {
			var dec event.Decoder
			type ident struct{ a, s, i string; t event.Time }
			seen := map[ident]bool{}
			var clock event.Time
			var book *pricebook.Book
			for _, r := range recs {
				refuse := func(reason event.Reason) {
					got["dead_letters"] = append(got["dead_letters"], src.Topic+"\t"+strconv.Itoa(int(src.Partition))+"\t"+strconv.Itoa(int(r.Offset))+"\t"+string(reason))
				}
				e, ref := dec.Decode(r.Value)
				if ref != nil { refuse(ref.Reason); continue }
				isSub := e.Type == event.SubscriptionChanged
				if !e.Type.Control() && isSub != (src.Topic == stream.SubscriptionsTopic) { refuse(event.UnknownType); continue }
				if e.Type.Control() {
					if e.Invalid != nil { refuse(event.Invalid); continue }
					if e.Type == event.ClockTicked { clock = max(clock, e.Time); continue }
					b, err := pricebook.Parse(e.PriceBook)
					if err != nil { refuse(event.Invalid); continue }
					book = b
					continue
				}
				if string(e.Account) != string(r.Key) || stream.Partition(r.Key, g.Partitions) != src.Partition { 
					if e.Invalid == nil || string(e.Account) != "" || string(r.Key)!="" {
					refuse(event.WrongPartition); continue } }
				if e.Invalid != nil { refuse(event.Invalid); continue }
				id := ident{string(e.Account), e.Source, e.ID, e.Time}
				if seen[id] { continue }
				if clock != 0 && e.Time > clock+5*event.Minute { refuse(event.TooNew); continue }
				if clock != 0 && e.Time < clock-35*event.Day { refuse(event.TooOld); continue }
				if !isSub {
					name := ""
					if e.Usage != nil { name = e.Usage.Product } else { name = e.Adjustment.Product }
					if book == nil { refuse(event.UnknownProduct); continue }
					p, ok := book.Product(name)
					if !ok { refuse(event.UnknownProduct); continue }
					if e.Usage != nil {
						rev, cost, ref := book.Rate(e.Account, p, e.Time, e.Usage.Quantities)
						if ref != nil { refuse(ref.Reason); continue }
						var q []string
						for _, x := range e.Usage.Quantities { q = append(q, x.Meter+"="+strconv.FormatUint(x.Count, 10)) }
						got["usage_events"] = append(got["usage_events"], strings.Join([]string{string(e.Account), e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), p.Line, name, e.Usage.Segment, e.Usage.Region, book.Currency, strings.Join(q, ","), fix(rev), fix(cost), e.Source, e.ID, e.Type.String()}, "\t"))
					} else {
						a := e.Adjustment
						got["usage_events"] = append(got["usage_events"], strings.Join([]string{string(e.Account), e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), p.Line, name, a.Segment, a.Region, a.Currency, "", fix(a.Amount), fix(money.Amount{}), e.Source, e.ID, e.Type.String()}, "\t"))
					}
				}
				seen[id] = true
			}
		}
		for _, v := range got { sortStrings(v) }
		if d := oracle.Diff(got, want); d != "" {
			t.Errorf("%s\n%s", g.Describe(), d)
			if bad++; bad > 3 { return }
		}
	}
}
