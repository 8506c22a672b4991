package main

import (
	"net/http"
	"strconv"
	"time"
)

// group is receivers on one host, each at an address of its own.
type group struct {
	*host
	delay   *delay // of all of them
	members []*receiver
}

// newGroup returns a group that is down.
func newGroup(members int, latency time.Duration) (g *group, err error) {
	g = &group{delay: newDelay(latency)}
	for range members {
		g.members = append(g.members, &receiver{delay: g.delay})
	}
	g.host, err = newHost(g, members)
	return g, err
}

func (g *group) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	n, err := strconv.Atoi(req.URL.Path[1:])
	if err != nil || n >= len(g.members) {
		http.NotFound(w, req)
		return
	}
	g.members[n].ServeHTTP(w, req)
}

func (g *group) close() {
	g.host.close()
	g.delay.close()
}

// expect has every member start a new tally.
func (g *group) expect(records, versions, signed int) (tallies []*tally) {
	for _, r := range g.members {
		tallies = append(tallies, r.expect(records, versions, signed))
	}
	return tallies
}

func (g *group) urls() (list []string) {
	for n := range g.members {
		list = append(list, g.url(n)+strconv.Itoa(n))
	}
	return list
}
