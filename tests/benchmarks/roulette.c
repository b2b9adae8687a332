/* One iteration of ATSA as printed, in straightforward C: roulette over all nodes at each step.
 * The yardstick of bench_colony.py; alpha = 1 and beta = 5 are written out. */
#include <stdint.h>

static inline uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

/* xoshiro256++ of Blackman and Vigna, as a double in [0, 1). */
static inline double uniform(uint64_t s[4]) {
    const uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3];
    s[2] ^= t; s[3] = rotate(s[3], 45);
    return (result >> 11) * 0x1.0p-53;
}

void iterate(int ants, int tasks, int nodes, const double *times, const double *memory,
             const double *capacity, double *tau, double rho, double q, uint64_t state[4],
             double *loads, double *used, double *share, int64_t *paths, double *totals) {
    for (int a = 0; a < ants; a++) {
        for (int j = 0; j < nodes; j++) loads[j] = used[j] = 0.0;
        for (int i = 0; i < tasks; i++) {
            double total = 0.0;
            for (int j = 0; j < nodes; j++) {
                double eta = 1.0 - (used[j] + memory[i]) / capacity[j];
                double square = eta * eta;
                share[j] = eta > 0.0 ? tau[i * nodes + j] * square * square * eta : 0.0;
                total += share[j];
            }
            double point = uniform(state) * total;
            int node = 0;
            while (node < nodes - 1 && (point -= share[node]) >= 0.0) node++;
            paths[a * tasks + i] = node;
            loads[node] += times[i * nodes + node];
            used[node] += memory[i];
        }
        totals[a] = 0.0;
        for (int j = 0; j < nodes; j++) totals[a] += loads[j];
    }
    for (int e = 0; e < tasks * nodes; e++) tau[e] *= 1.0 - rho;
    for (int a = 0; a < ants; a++)
        for (int i = 0; i < tasks; i++) tau[i * nodes + paths[a * tasks + i]] += q / totals[a];
}
