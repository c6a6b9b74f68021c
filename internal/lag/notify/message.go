package notify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"runrate/internal/lag/judge"
)

// Bounds of a message.
const (
	mostAlerts = 100 // of the partitions in it
	mostLines  = 10  // of its text
)

// message is what is posted: Alertmanager's webhook, version 4, with text beside it.
type message struct {
	Version   string            `json:"version"`
	GroupKey  string            `json:"groupKey"`
	Truncated int               `json:"truncatedAlerts"` // partitions that are not in it
	Status    string            `json:"status"`          // firing while one of them is
	Receiver  string            `json:"receiver"`
	Group     map[string]string `json:"groupLabels"`
	Common    map[string]string `json:"commonLabels"`
	Notes     map[string]string `json:"commonAnnotations"`
	External  string            `json:"externalURL"`
	Alerts    []alert           `json:"alerts"`
	Text      string            `json:"text"` // the sentences alone

	of    map[int32]judge.Status // what it tells, "" that it is over
	begin map[int32]time.Time
}

type alert struct {
	Status      string            `json:"status"` // firing or resolved
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Starts      time.Time         `json:"startsAt"`
	Ends        *time.Time        `json:"endsAt,omitempty"` // of one that is resolved
	Generator   string            `json:"generatorURL"`
	Fingerprint string            `json:"fingerprint"` // the same for all that is told of a partition
}

// message is what is to be told of a topic, nil if nothing is: all partitions that need
// somebody and are told of, or are due, and those of which it is over.
func (t *topic) message(now time.Time, quiet time.Duration) *message {
	if !t.sent.IsZero() && now.Sub(t.sent) < quiet {
		return nil
	}
	m := &message{Version: "4", Receiver: "runrate monitor", Status: "resolved", Notes: map[string]string{}, of: map[int32]judge.Status{}, begin: map[int32]time.Time{}}
	due := false
	var lines []string
	for _, number := range slices.Sorted(maps.Keys(t.partitions)) {
		p := t.partitions[number]
		isDue := p.due(now)
		if !isDue && (p.told == "" || p.bad.IsZero()) {
			continue
		}
		due = due || isDue
		a := p.alert(number)
		if m.of[number], m.begin[number] = "", p.bad; a.Status == "firing" {
			m.Status, m.of[number] = "firing", p.row.Status
		}
		m.Group = map[string]string{"topic": p.row.Topic}
		m.Alerts = append(m.Alerts, a)
		lines = append(lines, a.Annotations["summary"])
	}
	if !due {
		return nil
	}
	m.Common, m.GroupKey = m.Group, "runrate:"+m.Group["topic"]
	if over := len(m.Alerts) - mostAlerts; over > 0 {
		m.Alerts, m.Truncated = m.Alerts[:mostAlerts], over
	}
	if over := len(lines) - mostLines; over > 0 {
		lines = append(lines[:mostLines], fmt.Sprintf("and %d more", over))
	}
	m.Text = strings.Join(lines, "\n")
	return m
}

// alert is what is told of a partition.
func (p *partition) alert(number int32) alert {
	r := p.row
	where := r.Topic
	a := alert{Status: "firing", Starts: p.bad.UTC(), Labels: map[string]string{"severity": "page", "topic": r.Topic, "group": r.Group, "status": string(r.Status)}}
	if number >= 0 {
		where += "/" + strconv.Itoa(int(number))
		a.Labels["partition"] = strconv.Itoa(int(number))
	}
	if p.told != "" {
		a.Starts = p.began.UTC()
	}
	if p.bad.IsZero() {
		ends := p.well.UTC()
		a.Status, a.Ends = "resolved", &ends
		a.Labels["status"] = string(p.told)
	}
	a.Labels["alertname"], a.Fingerprint = "PartitionNotConsumed", where
	runbook := "PartitionNotConsumed"
	switch judge.Status(a.Labels["status"]) {
	case judge.Unknown:
		a.Labels["alertname"], runbook = "PartitionUnknown", "PartitionUnknown"
	case judge.Halted:
		if r.Status == judge.Halted && r.Reason != "" {
			runbook = "halted-" + r.Reason
		}
	}
	a.Annotations = map[string]string{"summary": fmt.Sprintf("%s is %s: %s", where, r.Status, r.Sentence), "runbook_url": "deploy/runbooks/" + runbook + ".md"}
	return a
}
