// SPDX-License-Identifier: GPL-2.0-only
#include "lattice.h"

#include "../engine/jiffies.h"

unsigned lattice_jiffies(unsigned idle_ms, unsigned hz)
{
	return (unsigned)sqp_idle_jiffies(idle_ms, hz);
}

unsigned lattice_canonical_ms(unsigned idle_ms, unsigned hz)
{
	unsigned jiffies = lattice_jiffies(idle_ms, hz);

	return (unsigned)((unsigned long long)jiffies * 1000 / hz);
}

void lattice_spin_ms(unsigned idle_ms, unsigned hz, double *lo_ms, double *hi_ms)
{
	unsigned jiffies = lattice_jiffies(idle_ms, hz);

	*lo_ms = jiffies * 1000.0 / hz;
	*hi_ms = (jiffies + 1) * 1000.0 / hz;
}
