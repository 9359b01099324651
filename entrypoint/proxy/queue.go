//go:build linux

package proxy

// op is a command that an upstream was sent, or will be, and whose reply has not
// come to its end. Its bytes are [start, end) of the upstream's stream.
type op struct {
	client *client // nil: the proxy's own
	start  uint64
	end    uint64
	kind   opKind
	note   note
	traits traits
	kept   bool // its bytes are kept until it is answered
	multi  bool // belongs to a transaction
	queued bool // … and is only run by its EXEC
}

type opKind uint8

const (
	opCommand opKind = iota
	opLogin          // makes the upstream what it has to be
	opWait           // waits for replicas
	opIgnore         // its reply is of no interest
)

// queue is a ring of ops: replies come in the order of commands.
type queue struct {
	ring  []op
	first int
	count int
}

const firstRing = 4

func (q *queue) push(o op) *op {
	if q.count == len(q.ring) {
		grown := make([]op, max(firstRing, 2*len(q.ring)))
		for i := range q.count {
			grown[i] = *q.at(i)
		}
		q.ring, q.first = grown, 0
	}
	q.count++
	last := q.at(q.count - 1)
	*last = o
	return last
}

func (q *queue) at(i int) *op { return &q.ring[(q.first+i)&(len(q.ring)-1)] }

func (q *queue) pop() {
	*q.at(0) = op{}
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.count--
}

// stream is what goes to an upstream, at offsets that count from its beginning:
// bytes that are to be sent, and those sent before that may have to be sent again
// elsewhere.
type stream struct {
	bytes []byte
	base  uint64 // offset of the first byte that is kept
	sent  uint64
}

func (s *stream) end() uint64 { return s.base + uint64(len(s.bytes)) }

func (s *stream) unsent() []byte { return s.bytes[s.sent-s.base:] }

func (s *stream) slice(start, end uint64) []byte { return s.bytes[start-s.base : end-s.base] }

// trim lets go of what is before an offset.
func (s *stream) trim(offset uint64) {
	drop := int(offset - s.base)
	if drop == len(s.bytes) {
		s.base += uint64(drop)
		s.bytes = s.bytes[:0]
		return
	}
	// Moving the rest costs less than it saves only once it is the smaller part.
	if drop > len(s.bytes)/2 {
		s.base += uint64(drop)
		s.bytes = s.bytes[:copy(s.bytes, s.bytes[drop:])]
	}
}
