/* explain_print.h - a refusal in words, for people and for programs */
#ifndef EXPLAIN_PRINT_H
#define EXPLAIN_PRINT_H

#include <skep/verify.h>
#include <stdio.h>

/* A label and words behind it, on lines of 90 columns; nothing for NULL. */
void explain_text(FILE *f, const char *label, const char *text);
void explain_print(FILE *f, const struct skep_explanation *e);
/* `, "explanation": {...}`: a member of an object that has others before it. */
void explain_json(FILE *f, const struct skep_explanation *e);

#endif
