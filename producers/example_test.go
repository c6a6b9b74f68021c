package producers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"runrate/producers"
)

// A service opens one producer, emits events as they happen, and closes it at its end.
func Example() {
	ctx := context.Background()
	p, err := producers.Open(ctx, producers.Options{
		Brokers: kafka(), // "kafka-1:9092", …
		Result: func(r producers.Result) {
			if r.Err != nil {
				fmt.Println("not counted:", r.Event.ID(), r.Err)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := producers.Usage("gateway/eu-1", "acct_42", "chat-large", map[string]uint64{"input_tokens": 1234, "output_tokens": 567})
	if err != nil {
		fmt.Println(err) // it would be refused
		return
	}
	if err := p.Emit(ctx, e); err != nil { // waits while there is no room
		fmt.Println(err)
	}
	end, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	unsent, err := p.Close(end)
	for _, e := range unsent { // to be emitted by the next process, unchanged
		fmt.Fprintln(os.Stderr, string(e.JSON()))
	}
	fmt.Println(err, p.Stats().Acknowledged)
	// Output: <nil> 1
}

// What would be refused is refused when the event is made, in the same words.
func ExampleUsage() {
	_, err := producers.Usage("gateway/eu-1", "acct_42", "chat-large", map[string]uint64{"input_tokens": 1 << 60})
	var refusal *producers.Refusal
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Reason)
		fmt.Println(refusal.Detail)
	}
	// Output:
	// invalid
	// data.quantities.input_tokens is 1152921504606846976; a quantity is an integer from 0 to 9007199254740992: send several events, each with an id of its own
}

func ExampleSubscription() {
	e, err := producers.Subscription("billing", "acct_42", producers.State{
		ID: "sub_9", Line: "chat", Plan: "team", Status: "active", Quantity: 25, UnitAmount: "30.00", Currency: "USD", Interval: "month",
	}, producers.ID("chg_1"), producers.Time(time.Date(2026, 11, 23, 7, 31, 5, 0, time.UTC)), producers.DiscountPercent("10"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(e.JSON()))
	// Output: {"specversion":"1.0","type":"subscription.changed","source":"billing","id":"chg_1","time":"2026-11-23T07:31:05Z","subject":"acct_42","data":{"subscription":"sub_9","line":"chat","plan":"team","status":"active","quantity":25,"unit_amount":"30","currency":"USD","interval":"month","discount_percent":"10"}}
}
