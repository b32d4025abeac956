// Which of a group's notices are worth a line, and what each needs to know of those before it. Law: pure.

/** The notices to tell, in order; an answer knows its question, a change of the group what it was before. */
export function told(notices) {
  const questions = new Map();
  let before;
  const lines = [];
  for (const notice of notices) {
    if (notice.type === "approval.requested") questions.set(notice.data.approval_id, notice);
    else if (notice.type === "approval.resolved") lines.push({ ...notice, question: questions.get(notice.data.approval_id) });
    else if (notice.type === "group.updated") {
      // The first title is no news.
      if (notice.seq > 1) lines.push({ ...notice, before });
      before = notice.data;
    } else lines.push(notice);
  }
  return lines;
}
