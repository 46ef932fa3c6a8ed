/* skep/api.h - what the compiler must know of a public function */
#ifndef SKEP_API_H
#define SKEP_API_H

#define SKEP_API __attribute__((visibility("default")))

#endif
