"""The list and filter calls that are measured: every list of the API, and every filter that could need a scan."""

from bench.filled import Filled

SERVICE = "c-intrusiondetection-cloud"


def lists(filled: Filled, tasks: int) -> dict[str, str]:
    """Return what is asked for: name -> path and query."""
    root, own = f"/v2/{filled.project}", f"/vedette/v1/{filled.project}"
    large, small = filled.batches
    of_tasks = {
        "first page": "",
        "1,000 on a page": "page_size=1000",
        "deep page": f"page_size=10&page={tasks // 10}",
        "deep page of 1,000": f"page_size=1000&page={tasks // 1000}",
        "oldest first": "sort_dir=asc",
        "by state": "task_state=FAILED",
        "by states": "task_state=FAILED,STOPPED,PENDING&page_size=1000",
        "by a state nobody has": "task_state=FROZEN",
        "stopped with its service": "task_state=STOPPED_NO_SERVICE",
        "by a part of the name": "task_name=99999",
        "by a part that all names have": "task_name=task",
        "by a part of no name": "task_name=nowhere",
        "by camera": "camera_name=camera%20999",
        "by no camera": "camera_name=nowhere",
        "by title": "title=Intrusion",
        "by another title": "title=Tripwire",
        "by company": "company=Vedette",
        "by large batch": f"batch_id={large}",
        "by small batch": f"batch_id={small}&page_size=1000",
        "by no batch": "batch_id=00000000000000000000000000000000",
        "by group": "video_group_id=group-7",
        "by groups, state and name": "video_group_id=group-7,group-8&task_state=FAILED&task_name=9",
        "by no group": "video_group_id=group-none",
    }
    of_batches = {
        "first page": "is_paged=true",
        "all": "is_paged=false",
        "200 on a page by tasks": "is_paged=true&page_size=200&sort_name=task_count",
        "by state": "task_state=failed",
        "by a state nobody has": "task_state=frozen",
        "by name": "name_like=batch-1",
        "by group": "video_group=group-7",
    }
    of_sources = {
        "first page": "is_paged=true",
        "all": "is_paged=false",
        "by number of tasks": "is_paged=true&page_size=100&sort_name=num_task",
        "by number of templates": "is_paged=true&page_size=100&sort_name=num_template",
        "by status": "is_paged=true&page_size=100&status=1,9",
        "by name": "is_paged=true&scope=camera%2099",
        "by group": "is_paged=true&page_size=100&video_group_id=group-7",
    }
    of_groups = {
        "all": "",
        "by number of batches": "sort_name=num_task",
        "by status": "status=2",
        "with batches": "has_task=true",
    }
    of_vas = {
        "first page": "",
        "1,000 on a page": "limit=1000",
        "deep page": f"offset={tasks - 100}",
        "by name": "name_like=99999",
        "by time of change": "order=updated_at:DESC",
    }
    return {
        **{f"tasks, {name}": f"{root}/tasks?{query}" for name, query in of_tasks.items()},
        **{f"batches, {name}": f"{root}/batch-tasks?{query}" for name, query in of_batches.items()},
        **{f"sources, {name}": f"{root}/source/sources?{query}" for name, query in of_sources.items()},
        **{f"groups, {name}": f"{root}/video-group/groups?{query}" for name, query in of_groups.items()},
        **{f"older dialect, {name}": f"{root}/services/{SERVICE}/tasks?{query}" for name, query in of_vas.items()},
        "services": f"{root}/algorithm/services/user",
        "templates": f"{own}/templates?page_size=200",
        "templates of a source": f"{own}/templates?video_source_id=source-7",
        "deployments": f"{own}/deployments",
        "events": f"{own}/events",
    }
