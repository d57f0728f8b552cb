/*
 * subject.h
 *		contact-guard report: what the log says about a customer, for that customer.
 *
 * subject.c leads; subjectread.c asks the server, subjectproof.c makes the proofs, subjectjson.c,
 * subjecthtml.c and subjectcsv.c write the reports, subjectsay.c says what a row is, and
 * subjectwords.c has the words in each language.
 *
 * The server's function subject_report() leaves out what the customer must not learn.  Nothing
 * here knows the name of a reader, unless a decision to name them was given.
 */
#ifndef CG_SUBJECT_CLIENT_H
#define CG_SUBJECT_CLIENT_H

#include "client.h"
#include "subjectwords.h"
#include "tlogpolicy.h"

#define MOST_CUSTOMERS 16

/* kind of subject_report() */
typedef enum SubjectKind
{
	SUBJECT_NAMED,
	SUBJECT_UNNAMED,
	SUBJECT_LOG,
	SUBJECT_SINCE
} SubjectKind;

/* A time in UTC, as in RFC 3339, and in the zone of the report; NULL: there is none. */
typedef struct SubjectTime
{
	const char *utc;
	const char *date;			/* YYYY-MM-DD */
	const char *clock;			/* HH:MM:SS */
} SubjectTime;

typedef struct SubjectReader
{
	const char *tag;			/* the pseudonym */
	const char *category;		/* or NULL */
	char		letter[8];		/* stands for it in HTML */
	const char *name;			/* NULL unless a decision was given */
	bool		named;			/* stands in records that name the customer; one person has two pseudonyms */
	bool		consulted;		/* was shown a value, or looked one up */
} SubjectReader;

typedef struct SubjectRow
{
	SubjectKind kind;
	const char *customer;
	int64_t		seq;			/* -1: none */
	int64_t		microseconds;	/* of at, since 1970 */
	SubjectTime at;
	SubjectTime last;
	const char *event;
	int			number;			/* CgEvent; 0: an event that this program does not know */
	const char *tag;
	const SubjectReader *reader;	/* NULL: nobody, or his name was erased */
	const char *category;
	const char *relation;
	CgLeafText *columns;
	int			ncolumns;
	const char *purpose;
	const char *intervention;
	SubjectTime opens;			/* the window that showed it */
	SubjectTime closes;
	const char *reason;
	int64_t		times;
	int64_t		count;
	CgLeafText	leaf;
	CgLeafText	salt;			/* of the customer's group */
	bool		proved;			/* there is a file proofs/SEQ.tlog-proof */
} SubjectRow;

/* What is counted of the rows that name the customer */
typedef struct SubjectSums
{
	int64_t		consultations;
	int64_t		days;
	int64_t		readers;
	int64_t		nameless;		/* consultations by a reader whose name was erased */
	int64_t		with_appointment;
	int64_t		withheld;
	int64_t		contacts;		/* by relay, in both directions */
	int64_t		called;			/* those in which somebody has called or written to the customer */
	int64_t		possible;		/* rows of what may have included the customer */
} SubjectSums;

typedef struct Subject
{
	PGconn	   *conn;
	/* What was asked for */
	const char *customers[MOST_CUSTOMERS];
	int			ncustomers;
	const char *reference;
	const char *received;		/* YYYY-MM-DD, or NULL */
	char		due[16];		/* the same */
	const char *since_given;
	const char *until_given;
	const char *language;
	const char *timezone;
	const char *controller;
	const char *authority;
	const char *decision;		/* to name readers, or NULL */
	const char *folder;
	Dictionary	dictionary;
	const Words *words;
	Keys		keys;
	Policy		policy;
	/* What the server said */
	SubjectTime since;
	SubjectTime until;
	SubjectTime made;
	SubjectTime records_since;
	SubjectRow *rows;
	int64_t		count;
	int64_t		room;
	SubjectReader *readers;		/* in the order of their letters */
	int			nreaders;
	SubjectSums sums;
	char	   *note;			/* the checkpoint of the proofs; NULL: there is none */
	CgCheckpoint checkpoint;
	int64_t		proofs;
} Subject;

/* --- subjectread.c --- */

/* Sets the zone, and asks for the times of the period in it. */
extern void subject_begin(Subject *subject);

/* Asks for all customers in one transaction, so that it is one report. */
extern void subject_read(Subject *subject);

/* --- subjectproof.c --- */

/* Writes a proof for each row that has a leaf, if the log is signed. */
extern void subject_prove(Subject *subject);

/* --- subjectjson.c, subjecthtml.c, subjectcsv.c: the reports --- */

extern void subject_put_json(const Subject *subject, CgBytes *out);
extern void subject_put_html(const Subject *subject, CgBytes *out);
extern void subject_put_csv(const Subject *subject, CgBytes *out);

/* --- subjecttables.c: the tables of the HTML report --- */

extern void subject_put_tables(const Subject *subject, CgBytes *out);

/* --- subject.c --- */

/* Is the row a consultation, of an appointment or of another purpose? */
extern bool subject_is_consultation(const SubjectRow *row);

/* Of a record of the relay: has the customer called? */
extern bool subject_is_inward(const SubjectRow *row);
extern bool subject_has_appointment(const SubjectRow *row);

/* The path of a row's proof in the folder of the report. */
extern void subject_proof_name(const SubjectRow *row, char *name, size_t room);

#endif							/* CG_SUBJECT_CLIENT_H */
