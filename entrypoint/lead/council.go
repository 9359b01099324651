package lead

// Seat is one Sentinel as a pod sees it. Without Answers the rest is not known. Master is
// where it takes the master to be, "host:port", since the epoch Epoch; Down that it does
// not hear it.
type Seat struct {
	Name    string
	Answers bool
	Master  string
	Epoch   uint64
	Down    bool
}

// Council is all Sentinels that a release has, those that do not answer included. What a
// majority of them votes for in an epoch, nobody else is voted for in it.
type Council []Seat

// Majority is how many of them decide.
func (c Council) Majority() int { return len(c)/2 + 1 }

// Sits tells whether so many answer that something can be decided.
func (c Council) Sits() bool { return c.count(func(Seat) bool { return true }) >= c.Majority() }

// Newest is the seat that knows the master of the latest epoch. Who made that had most
// votes, so that it holds however few have heard of it.
func (c Council) Newest() (Seat, bool) {
	var newest Seat
	for _, s := range c {
		if s.Answers && (!newest.Answers || s.Epoch > newest.Epoch) {
			newest = s
		}
	}
	return newest, newest.Answers
}

// Misses tells whether a quorum of Sentinels does not hear the master that they watch.
func (c Council) Misses(quorum int) bool {
	newest, _ := c.Newest()
	return c.count(func(s Seat) bool { return s.Down && s.Master == newest.Master }) >= quorum
}

// Upholds tells whether a majority has nothing against the master at an address that
// became it in an epoch: none of them has to be asked whether there is a later one.
func (c Council) Upholds(address string, epoch uint64) bool {
	return c.count(func(s Seat) bool { return s.Epoch <= epoch && !(s.Down && s.Master == address) }) >= c.Majority()
}

func (c Council) count(matches func(Seat) bool) int {
	n := 0
	for _, s := range c {
		if s.Answers && matches(s) {
			n++
		}
	}
	return n
}
