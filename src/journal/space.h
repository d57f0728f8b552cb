/*
 * space.h
 *		Free space where WAL is written: contact_guard.min_free_space.
 */
#ifndef CG_SPACE_H
#define CG_SPACE_H

/*
 * ERROR disk_full if the file system of pg_wal has less free space than the setting.  Looks
 * at it at most once a second.
 */
extern void cg_space_require(void);

/*
 * Is there so little left (an eighth of the setting) that the recorder must not write?  What
 * lies between is for records that wait: when they are stored, their WAL can go.
 */
extern bool cg_space_is_short(void);

/* A sentence's beginning about the free space, for status(); NULL: there is enough. */
extern char *cg_space_problem(void);

#endif							/* CG_SPACE_H */
