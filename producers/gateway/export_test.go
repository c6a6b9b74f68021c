package gateway

// Idle says whether nothing is held of the memory and the requests in flight.
func (d *Door) Idle() bool {
	if !d.memory.TryAcquire(d.limits.Memory) {
		return false
	}
	defer d.memory.Release(d.limits.Memory)
	if !d.requests.TryAcquire(int64(d.limits.Requests)) {
		return false
	}
	d.requests.Release(int64(d.limits.Requests))
	return true
}
