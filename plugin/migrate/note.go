package migrate

// Kind says what became of a value.
type Kind int

// The kinds of notes, the most important first.
const (
	Unknown  Kind = iota // a key that the other chart does not know
	Absent               // in effect there, no counterpart here
	Differs              // carried over, and means something else
	Added                // a default of the other chart that is written out
	Needless             // nothing to do: off, empty, or so by itself
)

// Note is what there is to say about one value.
type Note struct {
	Kind Kind
	Path string // in the source; of an added value, in the result
	Line int    // in the source; 0: none
	Text string
}

// AsBefore are rules of lint that warn of what another chart's users may have
// lived with, or have by default: a master alone without a volume, a memory
// limit that maxmemory comes close to, or that it does not know of. A migration
// changes none of that by itself.
var AsBefore = []string{"VK113", "VK136", "VK137"}
