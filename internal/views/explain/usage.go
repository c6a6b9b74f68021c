package explain

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// usage is the usage part of ARR: a multiple of the revenue of a window.
func (r *reader) usage(ctx context.Context) (*Node, error) {
	window, err := r.window(ctx)
	if err != nil {
		return nil, err
	}
	n := &Node{What: "usage_arr", Name: r.q.Line, Times: r.multiplier, Children: []*Node{window}}
	left := window.Amount.Amount
	once, err := r.oneOff(ctx)
	if err != nil {
		return nil, err
	}
	if once != nil {
		n.Children, left = append(n.Children, once), left.Plus(once.Amount.Amount)
	}
	n.Amount = amount(left.Times(r.multiplier))
	if r.q.Account == "" {
		err = r.each(ctx, `SELECT toString(sum(usage_arr)) FROM DB.arr WHERE as_of = fromUnixTimestamp(?) AND line = ? AND currency = ?`,
			[]any{r.q.AsOf.Unix(), r.q.Line, r.q.Currency}, &n.Amount)
	}
	if err != nil {
		return nil, err
	}
	return n, n.check()
}

// oneOff is what of the window is not made annual, taken off; nil if there is nothing of it.
func (r *reader) oneOff(ctx context.Context) (*Node, error) {
	where, args := r.of(r.q.AsOf.AddDate(0, 0, -r.days), r.q.AsOf)
	all, count, err := r.total(ctx, `SELECT toString(-sum(revenue)), count() FROM DB.usage_events WHERE one_off AND `+where, args...)
	if err != nil || count == 0 {
		return nil, err
	}
	n := &Node{What: "one_off", Name: "one-off adjustments, which are not made annual, taken off", Times: 1, Amount: amount(all)}
	var largest []*Node
	err = r.rows(ctx, `SELECT account, toUnixTimestamp64Micro(time), product, source, id, partition, toUInt64(offset), toString(-revenue) FROM DB.usage_events
		WHERE one_off AND `+where+` ORDER BY abs(revenue) DESC, time, partition, offset LIMIT ?`, append(args, r.q.Top), func(scan func(...any) error) error {
		e := &Node{What: "adjustment", Times: 1, Record: &Record{Topic: stream.Usage.Topic().String()}}
		var account, product string
		var at int64
		if err := scan(&account, &at, &product, &e.Record.Source, &e.Record.ID, &e.Record.Partition, &e.Record.Offset, &e.Amount); err != nil {
			return err
		}
		e.Record.Time = time.UnixMicro(at).UTC()
		e.Name = fmt.Sprintf("%s of account %s, %s", product, account, e.Record.Time.Format("2006-01-02 15:04:05.999999"))
		largest = append(largest, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	n.listed(largest, all, count, "adjustments")
	return n, n.check()
}

// of is what of usage_events is asked for, as a condition, and its arguments.
func (r *reader) of(from, to time.Time) (where string, args []any) {
	where = `time >= fromUnixTimestamp(?) AND time < fromUnixTimestamp(?) AND line = ? AND currency = ?`
	args = []any{from.Unix(), to.Unix(), r.q.Line, r.q.Currency}
	if r.q.Account != "" {
		where, args = where+" AND account = ?", append(args, r.q.Account)
	}
	return where, args
}

// window is the revenue of the window that ends at the boundary, by its days.
func (r *reader) window(ctx context.Context) (*Node, error) {
	from := r.q.AsOf.AddDate(0, 0, -r.days)
	n := &Node{What: "window", Name: fmt.Sprintf("revenue of the %d days before %s", r.days, r.q.AsOf.Format("2006-01-02 15:04")), Times: 1}
	where, args := r.of(from, r.q.AsOf)
	query := `SELECT intDiv(toUnixTimestamp(hour) - ?, 86400) AS day, toString(sum(revenue)) FROM DB.usage_hourly
		WHERE hour >= fromUnixTimestamp(?) AND hour < fromUnixTimestamp(?) AND line = ? AND currency = ? GROUP BY day ORDER BY abs(sum(revenue)) DESC, day`
	sum := `SELECT toString(sum(revenue)) FROM DB.rolling_revenue WHERE as_of = fromUnixTimestamp(?) AND ` + "`window`" + ` = concat(toString(?), 'd') AND line = ? AND currency = ?`
	sumArgs := []any{r.q.AsOf.Unix(), r.days, r.q.Line, r.q.Currency}
	if r.q.Account != "" {
		query = `SELECT intDiv(toUnixTimestamp(time) - ?, 86400) AS day, toString(sum(revenue)) FROM DB.usage_events WHERE ` + where + ` GROUP BY day ORDER BY abs(sum(revenue)) DESC, day`
		sum, sumArgs = `SELECT toString(sum(revenue)) FROM DB.usage_events WHERE `+where, args
	}
	if err := r.each(ctx, sum, sumArgs, &n.Amount); err != nil {
		return nil, err
	}
	var days []*Node
	var begins []time.Time
	var all money.Amount
	err := r.rows(ctx, query, append([]any{from.Unix()}, args...), func(scan func(...any) error) error {
		var day int64
		d := &Node{What: "day", Times: 1}
		if err := scan(&day, &d.Amount); err != nil {
			return err
		}
		begin := from.Add(time.Duration(day) * 24 * time.Hour)
		d.Name = begin.Format("2006-01-02")
		if !begin.Equal(begin.Truncate(24 * time.Hour)) {
			d.Name = begin.Format("2006-01-02 15:04") + " and 24 hours"
		}
		days, begins, all = append(days, d), append(begins, begin), all.Plus(d.Amount.Amount)
		return nil
	})
	if err != nil {
		return nil, err
	}
	n.listed(days[:min(r.q.Top, len(days))], all, uint64(len(days)), "days")
	for i := range min(r.q.Open, r.q.Top, len(days)) {
		if err := r.day(ctx, days[i], begins[i]); err != nil {
			return nil, err
		}
	}
	return n, n.check()
}

// day takes a day apart into the largest accounts.
func (r *reader) day(ctx context.Context, n *Node, begin time.Time) error {
	where, args := r.of(begin, begin.Add(24*time.Hour))
	all, count, err := r.total(ctx, `SELECT toString(sum(revenue)), uniqExact(account) FROM DB.usage_events WHERE `+where, args...)
	if err != nil {
		return err
	}
	var largest []*Node
	err = r.rows(ctx, `SELECT account, toString(sum(revenue)) FROM DB.usage_events WHERE `+where+` GROUP BY account ORDER BY abs(sum(revenue)) DESC, account LIMIT ?`,
		append(args, r.q.Top), func(scan func(...any) error) error {
			a := &Node{What: "account", Times: 1}
			largest = append(largest, a)
			return scan(&a.Name, &a.Amount)
		})
	if err != nil {
		return err
	}
	n.listed(largest, all, count, "accounts")
	for _, a := range largest[:min(r.q.Open, len(largest))] {
		if err := r.events(ctx, a, begin); err != nil {
			return err
		}
	}
	return n.check()
}

// events takes an account's day apart into its largest events.
func (r *reader) events(ctx context.Context, n *Node, begin time.Time) error {
	where := `time >= fromUnixTimestamp(?) AND time < fromUnixTimestamp(?) AND line = ? AND currency = ? AND account = ?`
	args := []any{begin.Unix(), begin.Add(24 * time.Hour).Unix(), r.q.Line, r.q.Currency, n.Name}
	all, count, err := r.total(ctx, `SELECT toString(sum(revenue)), count() FROM DB.usage_events WHERE `+where, args...)
	if err != nil {
		return err
	}
	var largest []*Node
	var rated []usage
	err = r.rows(ctx, `SELECT type, toUnixTimestamp64Micro(time), product, source, id, quantities, partition, toUInt64(offset), toString(revenue) FROM DB.usage_events
		WHERE `+where+` ORDER BY abs(revenue) DESC, time, offset LIMIT ?`, append(args, r.q.Top), func(scan func(...any) error) error {
		e, u := &Node{What: "event", Times: 1, Record: &Record{Topic: stream.Usage.Topic().String()}}, usage{account: n.Name}
		var kind string
		if err := scan(&kind, &u.at, &u.product, &e.Record.Source, &e.Record.ID, &u.quantities, &e.Record.Partition, &e.Record.Offset, &e.Amount); err != nil {
			return err
		}
		if kind == event.AdjustmentRecorded.String() {
			e.What = "adjustment"
		}
		e.Record.Time = time.UnixMicro(u.at).UTC()
		e.Name = fmt.Sprintf("%s of %s", u.product, e.Record.Time.Format("2006-01-02 15:04:05.999999"))
		largest, rated = append(largest, e), append(rated, u)
		return nil
	})
	if err != nil {
		return err
	}
	n.listed(largest, all, count, "events")
	for i, e := range largest {
		if e.What == "adjustment" {
			continue
		}
		if err := r.meters(ctx, e, rated[i]); err != nil {
			return err
		}
	}
	return n.check()
}

// usage is what an event says was used.
type usage struct {
	account, product string
	at               int64 // microseconds since 1970 UTC
	quantities       map[string]uint64
}

// meters rates an event again, meter by meter, by the price book in force at its record.
func (r *reader) meters(ctx context.Context, n *Node, u usage) error {
	book, err := r.book(ctx, n.Record)
	if err != nil {
		return err
	}
	if book == nil { // of an epoch that kept none: the amount stands alone
		return nil
	}
	n.Record.PriceBook = book.Version
	product, ok := book.Product(u.product)
	if !ok {
		return fmt.Errorf("%s: the price book %q in force there has no product %q: run `runrate verify`", n.Record, book.Version, u.product)
	}
	discount := book.Discount(event.Account(u.account), event.Time(u.at))
	for _, meter := range slices.Sorted(maps.Keys(u.quantities)) {
		price, ok := product.Price(meter, event.Time(u.at))
		if !ok {
			return fmt.Errorf("%s: the price book %q in force there has no price for meter %q: run `runrate verify`", n.Record, book.Version, meter)
		}
		each, ok := money.Rate(u.quantities[meter], price.PerUnit, discount)
		if !ok {
			return fmt.Errorf("%s: meter %q is out of range: run `runrate verify`", n.Record, meter)
		}
		name := fmt.Sprintf("%s: %d x %s", meter, u.quantities[meter], price.PerUnit)
		if !discount.IsZero() {
			name += fmt.Sprintf(" less %s %%", discount)
		}
		n.Children = append(n.Children, &Node{What: "meter", Name: name, Amount: amount(each), Times: 1})
	}
	return n.check()
}

// book is the price book in force at a record, nil if none is known.
func (r *reader) book(ctx context.Context, at *Record) (*pricebook.Book, error) {
	var payload string
	var from int64
	err := r.each(ctx, `SELECT payload, offset FROM DB.control_versions FINAL
		WHERE topic = ? AND epoch = ? AND partition = ? AND kind = 'price_book' AND offset < ? ORDER BY offset DESC LIMIT 1`,
		[]any{at.Topic, r.epoch(stream.Usage), at.Partition, at.Offset}, &payload, &from)
	if err != nil || payload == "" {
		return nil, err
	}
	key := fmt.Sprint(at.Partition, "@", from)
	if known, ok := r.books[key]; ok {
		return known, nil
	}
	book, err := pricebook.Parse([]byte(payload))
	if err != nil {
		return nil, fmt.Errorf("the price book of %s/%d@%d: %w", at.Topic, at.Partition, from, err)
	}
	r.books[key] = book
	return book, nil
}
