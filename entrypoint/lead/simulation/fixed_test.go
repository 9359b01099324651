package simulation

type fixed struct{ round *round }

func (p *pod) guardAgain()          {}
func (p *pod) fixedStarted()        {}
func (p *pod) fixedDuty()           {}
func (p *pod) fixedPoll()           {}
func (p *pod) fixedPolled(c *call)  {}
func (p *pod) fixedVoted()          {}
func (p *pod) fixedFollow()         {}
func (p *pod) fixedPromote(c *call) {}
