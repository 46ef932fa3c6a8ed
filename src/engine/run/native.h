/* native.h - programs as native code
 *
 * What the verifier accepted in this process is compiled when it is first prepared for
 * running; where that fails the interpreter runs it.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include "exec.h"

struct native;

/* Compiles it, once; needs memory, and time. Not during a run. */
void native_prepare(struct runs *runs, struct prog *prog);
void native_free(struct native *native);

/* Runs it from its begin; ends the run. Returns the run's fault, and r0. */
int native_run(struct skep_cpu *cpu, u64 *ret);

/* struct run's callback of such a program. */
u64 native_callback(struct run *run, u64 func, const u64 args[5]);

#endif
