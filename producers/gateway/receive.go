package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"runrate/internal/event"
	"runrate/producers/gateway/keys"
	"runrate/producers/gateway/request"
)

// post is the handler of a path that events are posted to. write is false where they are
// only judged.
func (d *Door) post(write bool) http.HandlerFunc {
	operation := posting
	if !write {
		operation = validating
	}
	return func(w http.ResponseWriter, r *http.Request) {
		answered := d.meter.begin(operation)
		defer d.meter.end()
		send := func(a answer) {
			answered(a)
			tellSpan(r, a)
			d.send(w, a)
		}
		if r.Method != http.MethodPost {
			send(problem(wrongMethod, r.Method+" is no method of "+r.URL.Path+": events are posted").with("Allow", http.MethodPost))
			return
		}
		if !d.requests.TryAcquire(1) {
			send(tooBusy())
			return
		}
		defer d.requests.Release(1)
		ctx, cancel := context.WithTimeout(r.Context(), d.limits.Total)
		defer cancel()
		send(d.receive(ctx, w, r, write))
	}
}

// receive is the way of one request: who it is from, its body, its events, each judged,
// written, and the answer.
func (d *Door) receive(ctx context.Context, w http.ResponseWriter, r *http.Request, write bool) answer {
	key, wrong := d.whose(r)
	if wrong != nil {
		return *wrong
	}
	partial, wrong := acceptsPartial(r)
	if wrong != nil {
		return *wrong
	}
	form := request.FormOf(r.Header.Get("Content-Type"), r.Header.Get(request.Specversion) != "")
	if form == request.Unknown {
		return wrongMediaType(r.Header.Get("Content-Type"))
	}
	held := &hold{of: d.memory}
	body, wrong := d.readBody(w, r, held)
	if wrong != nil {
		held.release()
		return *wrong
	}
	items, wrong := d.read(r, key, form, body)
	if wrong != nil {
		held.release()
		return *wrong
	}
	quota, wrong := d.spend(key, len(items))
	if wrong != nil {
		held.release()
		return *wrong
	}
	if !write {
		held.release()
		return judged(items, d.outlook(), partial).withAll(quota)
	}
	began := time.Now()
	outcomes, err := d.produce(ctx, items, held.release)
	d.meter.wrote(time.Since(began))
	if err != nil {
		d.logger.Warn("events cannot be taken", zap.Error(err))
		return notWritten().withAll(quota)
	}
	return written(items, outcomes, d.outlook(), partial).withAll(quota)
}

// acceptsPartial says whether a refused event is to leave the answer a success.
func acceptsPartial(r *http.Request) (bool, *answer) {
	query := r.URL.Query()
	for name := range query {
		if name != "partial" {
			a := problem(wrongQuery, fmt.Sprintf("there is no parameter %.32q: partial=accept is the only one", name))
			return false, &a
		}
	}
	switch value := query["partial"]; {
	case len(value) == 0:
		return false, nil
	case len(value) == 1 && value[0] == "accept":
		return true, nil
	}
	a := problem(wrongQuery, "partial may be accept, once, or be left out")
	return false, &a
}

// read is the events of a body, none of which is forbidden.
func (d *Door) read(r *http.Request, key keys.Key, form request.Form, body []byte) ([]request.Item, *answer) {
	var attributes []event.Header
	if form == request.Binary {
		attributes = request.Attributes(r.Header)
	}
	reader := request.Reader{Limits: d.limits.Limits}
	items, err := reader.Read(form, attributes, body)
	if err != nil {
		a := brokenBody(err)
		return nil, &a
	}
	if a := forbidden(key, items); a != nil {
		return nil, a
	}
	return items, nil
}
