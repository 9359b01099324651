package sentinel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

// Without a list nobody knows how many are a majority.
func TestNoNames(t *testing.T) {
	for name, file := range map[string]string{
		"empty":        listed(t, ""),
		"blank":        listed(t, "\n \n"),
		"not there":    filepath.Join(t.TempDir(), "sentinels"),
		"not readable": t.TempDir(),
	} {
		t.Run(name, func(t *testing.T) {
			opinions, err := (&Council{File: file}).Ask(patient(t))
			require.ErrorContains(t, err, "list of Sentinels")
			require.ErrorContains(t, err, file)
			require.Nil(t, opinions)
		})
	}
}

// The list is read each time: it may have become another.
func TestNames(t *testing.T) {
	c := Council{File: listed(t, "v-sentinel-0.v\nv-sentinel-1.v\n\n")}
	names, err := c.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"v-sentinel-0.v", "v-sentinel-1.v"}, names)
	require.NoError(t, os.WriteFile(c.File, []byte("v-sentinel-0.v"), 0o600))
	names, err = c.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"v-sentinel-0.v"}, names)
}

func TestAsk(t *testing.T) {
	all := fakes(t, 3)
	all[1].on(state, says(bulks("ip", "10.0.1.3", "port", "6379", "flags", "s_down,master", "config-epoch", "6")))
	all[2].on(whoAmI, says(bulk(ID(clusterID, "v-sentinel-9"))))
	opinions, err := council(t, all...).Ask(patient(t))
	require.NoError(t, err)
	require.Equal(t, []Opinion{
		{lead.Seat{Name: "v-sentinel-0", Answers: true, Master: master, Epoch: 5}, all[0].name, all[0].at()},
		{lead.Seat{Name: "v-sentinel-1", Answers: true, Master: "10.0.1.3:6379", Epoch: 6, Down: true}, all[1].name, all[1].at()},
		{lead.Seat{Name: "v-sentinel-2"}, all[2].name, all[2].at()},
	}, opinions, "another that answers in the name of one is none, but that is where it was asked")
}

// When most have answered nobody waits for one that is lost.
func TestAskDoesNotWaitForStragglers(t *testing.T) {
	for _, command := range []string{login, whoAmI, state} {
		t.Run(command, func(t *testing.T) {
			all := fakes(t, 3)
			all[2].on(command, hangs)
			ctx := patient(t)
			told, err := council(t, all...).Ask(ctx)
			require.NoError(t, err)
			require.NoError(t, ctx.Err())
			require.True(t, Seats(told).Sits())
			require.False(t, told[2].Answers)
		})
	}
}

// A name is looked up when it has to be, and one that can't be looked up is taken to be
// where it was.
func TestWhereabouts(t *testing.T) {
	f := fakes(t, 1)[0]
	c := council(t, f)
	lookups, lost := 0, false
	lookup := c.Lookup
	c.Lookup = func(ctx context.Context, name string) peer.Host {
		if lookups++; lost {
			return peer.Host{Name: name}
		}
		return lookup(ctx, name)
	}
	// ask is done as long after the last lookup as is given.
	ask := func(age time.Duration) Opinion {
		p := c.found[f.name]
		p.at = p.at.Add(-age)
		if c.found != nil {
			c.found[f.name] = p
		}
		opinions, err := c.Ask(patient(t))
		require.NoError(t, err)
		return opinions[0]
	}
	require.True(t, ask(0).Answers)
	require.Equal(t, 1, lookups)
	require.True(t, ask(0).Answers)
	require.True(t, ask(2*doubtfulPlace).Answers)
	require.Equal(t, 1, lookups, "it answers there")

	lost = true
	require.True(t, ask(steadyPlace).Answers, "it is where it was")
	require.Equal(t, 2, lookups)

	f.on(whoAmI, says(bulk(ID(clusterID, "v-sentinel-9"))))
	f.on(state, says("?\r\n"))
	require.False(t, ask(0).Answers)
	require.Equal(t, 2, lookups)
	require.False(t, ask(doubtfulPlace).Answers)
	require.Equal(t, 3, lookups, "it does not answer there")
	require.Equal(t, f.at(), ask(doubtfulPlace).At)

	lost = false
	f.on(whoAmI, nil)
	f.on(state, nil)
	require.True(t, ask(doubtfulPlace).Answers)
}

// Names that lead nowhere are of Sentinels that do not answer.
func TestAskNowhere(t *testing.T) {
	c := council(t, fakes(t, 1)...)
	c.Lookup = func(_ context.Context, name string) peer.Host { return peer.Host{Name: name, Absent: true} }
	opinions, err := c.Ask(patient(t))
	require.NoError(t, err)
	require.Equal(t, []Opinion{{Seat: lead.Seat{Name: "v-sentinel-0"}, Host: "v-sentinel-0.v"}}, opinions)
}

func TestElect(t *testing.T) {
	var honest answer
	busy := says("-BUSY wait\r\n")
	always := func(leader string) answer {
		return func(args []string) string { return voted(leader, number(args[4])) }
	}
	// before is one that has voted for somebody in an epoch.
	before := func(leader string, epoch uint64) answer {
		return func(args []string) string {
			if asked := number(args[4]); asked > epoch {
				return voted(args[5], asked)
			}
			return voted(leader, epoch)
		}
	}
	// forgetful is one that has been restarted since: it knows only in which epoch.
	forgetful := func(epoch uint64) answer { return before("*", epoch) }
	mute := says(voted("*", Never))
	tests := []struct {
		name  string
		votes []answer
		// epoch is that of the election; 0 if there is none.
		epoch uint64
		// tried are the epochs for which all were asked.
		tried []uint64
	}{
		{"all vote", []answer{honest, honest, honest}, 6, []uint64{6}},
		{"two of three vote, one can't", []answer{honest, busy, honest}, 6, []uint64{6}},
		{"two of three vote, one for another", []answer{honest, always(rival), honest}, 6, []uint64{6}},
		{"two of three vote, one hangs", []answer{honest, hangs, honest}, 6, []uint64{6}},

		{"another was elected in that epoch", []answer{before(rival, 6), before(rival, 6), honest}, 7, []uint64{6, 7}},
		{"votes were split", []answer{honest, before(rival, 6), before("another", 6)}, 7, []uint64{6, 7}},
		{"another was elected in a later epoch", []answer{before(rival, 40), before(rival, 40), honest}, 41, []uint64{6, 41}},
		{"one has voted in a later epoch, and one does not answer", []answer{before(rival, 40), busy, honest}, 41, []uint64{6, 41}},
		{"they have voted for this one, but in an epoch of the past", []answer{before(candidate, 40), before(candidate, 40), before(candidate, 40)}, 41, []uint64{6, 41}},

		{"all have voted in a later epoch, and forgotten for whom", []answer{forgetful(40), forgetful(40), forgetful(40)}, 41, []uint64{6, 41}},
		{"one has forgotten for whom, and one does not answer", []answer{forgetful(6), busy, honest}, 7, []uint64{6, 7}},
		{"one votes in no epoch", []answer{honest, mute, honest}, 6, []uint64{6}},
		{"two vote in no epoch", []answer{honest, mute, mute}, 0, []uint64{6}},

		{"another is always faster", []answer{always(rival), always(rival), honest}, 0, []uint64{6, 7, 8}},
		{"what they say of the epoch is always the past", []answer{says(voted(candidate, 5)), says(voted(candidate, 5)), says(voted(candidate, 5))}, 0, []uint64{6, 7, 8}},
		{"too few can vote: another epoch would be no better", []answer{honest, busy, busy}, 0, []uint64{6}},
		{"too few watch the master", []answer{honest, says(voted("*", 0)), says(voted("*", 0))}, 0, []uint64{6}},
		{"too few say whom they vote for", []answer{honest, says(array(":0\r\n", "$-1\r\n", ":0\r\n")), says("*-1\r\n")}, 0, []uint64{6}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := fakes(t, len(tt.votes))
			for i, votes := range tt.votes {
				all[i].on(vote, votes)
			}
			epoch, err := council(t, all...).Elect(patient(t), opinions(all), candidate, 4)
			require.Equal(t, tt.epoch, epoch)
			var asked []uint64
			for _, f := range all {
				asked = append(asked, f.epochs()...)
			}
			slices.Sort(asked)
			require.Equal(t, tt.tried, slices.Compact(asked))
			if tt.epoch == 0 {
				require.ErrorIs(t, err, ErrNoMajority)
				require.ErrorContains(t, err, fmt.Sprintf("of %d, %d answer", len(all), len(all)))
				return
			}
			require.NoError(t, err)
		})
	}
}

// When most have voted nobody waits for one that is lost.
func TestElectDoesNotWaitForStragglers(t *testing.T) {
	all := fakes(t, 3)
	all[2].on(vote, hangs)
	ctx := patient(t)
	epoch, err := council(t, all...).Elect(ctx, opinions(all), candidate, 5)
	require.NoError(t, err)
	require.NoError(t, ctx.Err())
	require.EqualValues(t, 6, epoch)
}

// An election is for an epoch after all that are known, whoever knows them.
func TestElectAfter(t *testing.T) {
	for _, tt := range []struct {
		name        string
		after, seat uint64
		want        uint64
	}{
		{"the pods know most", 9, 5, 10},
		{"a Sentinel knows most", 4, 12, 13},
		{"there has been none", 0, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := fakes(t, 3)
			told := opinions(all)
			for i := range told {
				told[i].Epoch = 0
			}
			told[2].Epoch = tt.seat
			epoch, err := council(t, all...).Elect(patient(t), told, candidate, tt.after)
			require.NoError(t, err)
			require.Equal(t, tt.want, epoch)
		})
	}
}

// Who did not answer is not asked for a vote, and counts for the majority all the same.
func TestElectOfTooFew(t *testing.T) {
	all := fakes(t, 3)
	told := opinions(all)
	told[1].Answers, told[2].Answers = false, false
	c := council(t, all...)
	_, err := c.Elect(patient(t), told, candidate, 4)
	require.ErrorIs(t, err, ErrNoMajority)
	require.ErrorContains(t, err, "of 3, 1 answer")
	require.Equal(t, []uint64{6}, all[0].epochs())
	require.Empty(t, all[1].epochs())

	_, err = c.Elect(patient(t), nil, candidate, 4)
	require.ErrorIs(t, err, ErrNoMajority, "nobody could be asked at all")
}

// Sentinels believe of a master what another Sentinel says, and nobody else.
func TestProclaim(t *testing.T) {
	all := fakes(t, 3)
	told := opinions(all)
	told[1].Epoch, told[2].Answers = 7, false
	c := council(t, all...)
	require.NoError(t, c.Proclaim(patient(t), told, "10.0.1.3:6379", 7))
	from := all[1].at()
	require.Equal(t, []string{
		fmt.Sprintf("PUBLISH __sentinel__:hello %s,%d,%s,7,mymaster,10.0.1.3,6379,7", from.Host, from.Port, from.ID),
	}, all[0].asked(publish))
	require.Empty(t, all[1].asked(publish), "it knows")
	require.Empty(t, all[2].asked(publish), "it does not answer")

	all[0].on(publish, says("-NOPERM no\r\n"))
	err := c.Proclaim(patient(t), told, "10.0.1.3:6379", 8)
	require.ErrorContains(t, err, all[0].at().String())
	require.Len(t, all[1].asked(publish), 1, "one that refuses holds no other up")

	require.ErrorContains(t, c.Proclaim(patient(t), told[:1], "10.0.1.3:6379", 8), "no other Sentinel is known")
}

// One that answers is to be preferred: its address is known to be right.
func TestOther(t *testing.T) {
	opinion := func(name string, answers bool, ip string) Opinion {
		return Opinion{Seat: lead.Seat{Name: name, Answers: answers}, At: Address{Host: ip}}
	}
	self := opinion("s0", true, "10.0.1.1")
	tests := []struct {
		name   string
		others []Opinion
		want   string
	}{
		{"there is none", nil, ""},
		{"nobody knows where it is", []Opinion{opinion("s1", false, "")}, ""},
		{"it does not answer", []Opinion{opinion("s1", false, "10.0.1.2")}, "10.0.1.2"},
		{"one does not answer, and of the other nobody knows where it is", []Opinion{opinion("s1", false, "10.0.1.2"), opinion("s2", false, "")}, "10.0.1.2"},
		{"the first that answers", []Opinion{opinion("s1", false, "10.0.1.2"), opinion("s2", true, "10.0.1.3"), opinion("s3", true, "10.0.1.4")}, "10.0.1.3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := other(append([]Opinion{self}, tt.others...), self)
			require.Equal(t, tt.want, got.Host)
			require.Equal(t, tt.want != "", ok)
		})
	}
}
