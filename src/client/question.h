/*
 * question.h
 *		The auditor's questions, answered from rows: who-read, reads-by, withheld, after-close.
 *
 * Rows are given to question_take() while they are read.  Whether a row is proved is known
 * later, and each answer is made twice: of the rows that are proved, and of all rows.  The
 * second is what the server's own function must answer.
 *
 * What is kept is what the answer needs: a line of text for each row of an answer; 80 bytes
 * for each withheld row (withheld); and 32 bytes for each shown row with a visit (after-close).
 */
#ifndef CG_QUESTION_H
#define CG_QUESTION_H

#include "cells.h"

/* Whether it is proved that a row was logged as it is */
typedef enum Proof
{
	PROOF_NONE,					/* not signed yet, or not as it was signed */
	PROOF_SIGNED,				/* its leaf is in the signed tree */
	PROOF_RESTORED				/* as PROOF_SIGNED, if the restored rows are those that came */
} Proof;

typedef enum Asked
{
	ASKED_WHO_READ, ASKED_READS_BY, ASKED_WITHHELD, ASKED_AFTER_CLOSE
} Asked;

typedef struct QuestionColumn
{
	const char *name;
	Shape		shape;
} QuestionColumn;

typedef struct QuestionKind
{
	Asked		asked;
	const char *command;		/* the sub-command */
	const char *function;		/* the SQL function */
	const char *option;			/* of its first argument; NULL: it has none */
	int			ncolumns;
	const QuestionColumn *columns;
} QuestionKind;

#define DIGEST 16				/* bytes of a SHA-256 that are kept; nobody finds two texts with the same */

/* A row of an answer, or a row that an answer counts */
typedef struct Entry
{
	int64_t		seq;
	int64_t		read_at;
	char	   *line;			/* the row; after-close: up to closed_at; withheld: the actor */
	char	   *marked;			/* the row with a text that is marked as not proved; NULL: the same as line */
	char	   *rest;			/* after-close: the columns behind after_close */
	Proof		proof;
	bool		closed;			/* closed_at is known */
	bool		named;			/* withheld: the row names a customer */
	bool		first;			/* withheld: the first of its execution */
	bool		target;			/* ... which named one customer and nobody else */
	int64_t		closed_at;
	int64_t		count;
	uint8_t		key[DIGEST];	/* after-close: visit; withheld: execution */
	uint8_t		customer[DIGEST];
} Entry;

/* A row that was shown during a visit */
typedef struct Seen
{
	uint8_t		visit[DIGEST];
	int64_t		read_at;
	uint64_t	seq_proof;		/* 4 * seq + Proof */
} Seen;

typedef struct Question
{
	const QuestionKind *kind;
	const char *subject;		/* the customer or the actor */
	int64_t		since;			/* microseconds since 1970 */
	int64_t		until;			/* itself not included */
	Entry	   *entries;
	int64_t		count;
	int64_t		room;
	int64_t		settled;		/* so many of them have their proof */
	Seen	   *seen;			/* after-close: the shown rows with a visit */
	int64_t		nseen;
	int64_t		seen_room;
	int64_t		seen_settled;
} Question;

/* An answer; lines are malloc'd */
typedef struct Lines
{
	char	  **lines;
	int64_t		count;
	int64_t		room;
} Lines;

/* Finds the kind of a sub-command. */
extern const QuestionKind *question_kind(const char *command);

/* Takes a row, with the text of its statement. */
extern void question_take(Question *question, const CgLeaf *leaf, CgLeafText query, Proof proof);

/* Rows that were taken as PROOF_NONE are proved if is_proved says so of their seq. */
extern void question_settle(Question *question, bool (*is_proved) (void *arg, int64_t seq), void *arg);

/* They stay unproved. */
extern void question_leave(Question *question);

/*
 * Makes the answer of the rows whose proof is at least so good.  The lines have the order of
 * the SQL function.  With signed_only, what is not proved of a row is marked.  Returns how many
 * taken rows did not count.
 */
extern int64_t question_answer(Question *question, bool signed_only, bool restored, Lines *lines);

extern void lines_add(Lines *lines, char *line);
extern void lines_free(Lines *lines);

#endif							/* CG_QUESTION_H */
